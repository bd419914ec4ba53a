"""The checks, one protocol, one file per family: acceptance is evidence."""

from team.gates.judging import judge
from team.gates.pinned import pinned_configuration
from team.gates.registry import GATE_NAMES
from team.gates.target import make_target
from team.gates.tidying import tidy
from team.gates.warmth import warm_up

__all__ = ["GATE_NAMES", "judge", "make_target", "pinned_configuration", "tidy", "warm_up"]
