"""What one turn of the executor found."""

from __future__ import annotations

from dataclasses import dataclass

from team.gates.base import Finding, GateResult


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
    def badness(self) -> tuple[int, int]:
        """Lower is better: red gates, then findings that count."""
        return sum(result.red for result in self.results) + self.hindered, len(self.findings)
