"""The contract gate and its table: which check holds for which kind of spec."""

from __future__ import annotations

from collections.abc import Callable

from team.gates.base import GateResult, Target
from team.gates.contract.base import ContractCheck
from team.gates.contract.examples import ExamplesCheck, ProblemCheck
from team.gates.contract.http.web import WebCheck
from team.gates.evidence import Evidence

CHECKS: dict[str, Callable[[Evidence], ContractCheck]] = {
    "api": WebCheck,
    "crud": WebCheck,
    "run": ExamplesCheck,
    "solve": ProblemCheck,
}
"""Kind of spec → its check. A new check is one file of this package and one line here."""


class ContractGate:
    """Judges by the check that belongs to the kind of the session's spec."""

    name = "contract"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a spec of a kind that has a check, and something in it that can be checked."""
        if target.spec is None:
            return "there is no spec, only code"
        if target.spec.kind not in CHECKS:
            return f"no check from another process is known for a spec of the kind {target.spec.kind}"
        return CHECKS[target.spec.kind](self._evidence).skips(target)

    def run(self, target: Target) -> GateResult:
        """Fail for everything in which the code and its spec differ."""
        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        if target.spec is None:
            raise ValueError("the gate was asked although it skips")
        return CHECKS[target.spec.kind](self._evidence).run(target)
