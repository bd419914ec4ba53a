"""What one turn of the executor found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from team.fingerprints import Fingerprint, fingerprints
from team.gates.base import Finding, GateResult

WEIGHTS = {
    "syntax": 100,
    "tests": 20,
    "contract": 20,
    "integrity": 20,
    "migration": 20,
    "pipeline": 20,
    "security": 8,
    "dependencies": 8,
    "types": 3,
    "coverage": 2,
    "mutation": 2,
    "lint": 1,
}
"""How much a red gate weighs when attempts are compared."""


@dataclass(frozen=True)
class TurnReport:
    """What one turn of the executor found.

    `commit` names the snapshot, `tree` its content: two turns with the same content have the same tree.
    """

    iteration: int
    commit: str
    tree: str
    results: tuple[GateResult, ...]
    refused: tuple[Finding, ...] = ()
    changed: tuple[str, ...] = ()
    text: str = ""

    @property
    def hindered(self) -> bool:
        """Whether a block that was meant for the tree did not get there."""
        return any(finding.severity != "minor" for finding in self.refused)

    @property
    def green(self) -> bool:
        """Whether nothing stands against acceptance."""
        return not self.hindered and not any(result.red for result in self.results)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that decided red gates, and refused blocks."""
        red = [finding for result in self.results if result.red for finding in result.findings]
        return (*self.refused, *(finding for finding in red if finding.severity != "minor"))

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The findings that a person let pass."""
        return tuple(finding for result in self.results for finding in result.findings if finding.waived)

    @property
    def losses(self) -> tuple[Finding, ...]:
        """The findings that nobody has to mend, and a person has to approve: data is lost."""
        return tuple(finding for result in self.results for finding in result.findings if finding.asks)

    @property
    def failures(self) -> Counter[Fingerprint]:
        """What is wrong, without what moves from patch to patch."""
        return fingerprints(self.results, self.refused)

    @property
    def badness(self) -> tuple[int, int, int]:
        """Lower is better: red gates by the weight of their kind, critical findings, all findings.

        The weights say that code which runs is better than code which does not, then what is right, what is
        safe, what is well tested and typed, and last what is tidy; see `WEIGHTS`.
        """
        red = sum(WEIGHTS.get(result.name, 1) for result in self.results if result.red)
        critical = sum(finding.severity == "critical" for finding in self.findings)
        return red + self.hindered, critical, len(self.findings)
