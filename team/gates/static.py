"""What the gates share that run one static tool over the Python files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from team.gates.base import Finding, GateResult, Target
from team.gates.evidence import Evidence
from team.gates.suppressions import suppressions
from team.gates.tools import ToolStopped

MOST_FINDINGS = 500
"""Findings that are kept of one gate, the deciding ones first."""


class StaticGate(ABC):
    """A gate over one tool; red when a finding is worse than minor."""

    name: str
    kinds: frozenset[str] = frozenset()
    """The suppressions that are this tool's."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    @abstractmethod
    def look(self, target: Target) -> Iterable[Finding]:
        """What the tool says.

        Raises:
            ToolFailed: it crashed or could not start.
            ToolStopped: a limit ended it.
        """

    def skips(self, target: Target) -> str | None:
        """There must be a Python file."""
        return None if target.sources or target.tests else "there is no Python file"

    def run(self, target: Target) -> GateResult:
        """Run the tool, and add what its authors asked it not to say."""
        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        try:
            findings = list(self.look(target))
        except ToolStopped as stopped:
            findings = [stopped.finding]
        findings += suppressions(self._evidence.facts, self.kinds, target.tests)
        return result(self.name, findings)


def result(name: str, findings: Iterable[Finding], why: str = "") -> GateResult:
    """A result whose status follows from the findings, which are put in order."""
    ordered = tuple(sorted(findings, key=_place))[:MOST_FINDINGS]
    deciding = sum(finding.severity != "minor" for finding in ordered)
    minor = len(ordered) - deciding
    counts = f"{deciding} to mend, {minor} minor" if ordered else "nothing found"
    return GateResult(name=name, status="fail" if deciding else "pass", findings=ordered, why=why or counts)


def _place(finding: Finding) -> tuple[bool, str, int, str, str]:
    return (
        finding.severity == "minor",
        finding.file or "",
        finding.line or 0,
        finding.rule,
        finding.message,
    )
