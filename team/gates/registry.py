"""The gates, in the order they are shown. A new gate is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable

from team.gates.base import Gate
from team.gates.contract.gate import ContractGate
from team.gates.coverage import CoverageGate
from team.gates.dependencies.gate import DependenciesGate
from team.gates.evidence import Evidence
from team.gates.foreign.cases import CasesGate
from team.gates.foreign.skipping import PythonOnly
from team.gates.integrity.gate import IntegrityGate
from team.gates.lint import LintGate
from team.gates.migration.gate import MigrationGate
from team.gates.mutation.gate import MutationGate
from team.gates.pipeline.gate import PipelineGate
from team.gates.security import SecurityGate
from team.gates.syntax import SyntaxGate
from team.gates.tests import TestsGate
from team.gates.types import TypesGate
from team.specs.task import language_of

GATES: dict[str, Callable[[Evidence], Gate]] = {
    "syntax": SyntaxGate,
    "lint": LintGate,
    "types": TypesGate,
    "security": SecurityGate,
    "dependencies": DependenciesGate,
    "tests": TestsGate,
    "coverage": CoverageGate,
    "integrity": IntegrityGate,
    "mutation": MutationGate,
    "contract": ContractGate,
    "migration": MigrationGate,
    "pipeline": PipelineGate,
}
FOREIGN: dict[str, Callable[[Evidence], Gate]] = {
    "syntax": SyntaxGate,
    "tests": CasesGate,
    "contract": ContractGate,
}
"""The gates that apply to a problem solved in another language than Python; the others say that they skip."""

GATE_NAMES: tuple[str, ...] = tuple(GATES)

SLOW = ("tests", "contract", "pipeline", "types")
"""These start before all others, in this order: they wait for nothing, and short ones fit in beside them."""


def make_gate(name: str, evidence: Evidence) -> Gate:
    """A gate for one judgement.

    Raises:
        KeyError: a name that is no gate.
    """
    language = language_of(evidence.target.spec)
    if language is None:
        return GATES[name](evidence)
    return FOREIGN[name](evidence) if name in FOREIGN else PythonOnly(name, language.title)
