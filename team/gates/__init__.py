"""The checks, one protocol, one file per family: acceptance is evidence.

What judges is imported at first use: reading what gates once said needs no sandbox.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from team.gates.judging import judge
    from team.gates.pinned import pinned_configuration
    from team.gates.registry import GATE_NAMES
    from team.gates.target import make_target
    from team.gates.tidying import tidy
    from team.gates.warmth import warm_up

__all__ = ["GATE_NAMES", "judge", "make_target", "pinned_configuration", "tidy", "warm_up"]

_HOMES = {
    "GATE_NAMES": "team.gates.registry",
    "judge": "team.gates.judging",
    "make_target": "team.gates.target",
    "pinned_configuration": "team.gates.pinned",
    "tidy": "team.gates.tidying",
    "warm_up": "team.gates.warmth",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
