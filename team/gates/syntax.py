"""The syntax gate: every file compiles, in a bounded process, and is sane enough for the other tools."""

from __future__ import annotations

from team.gates.base import Finding, GateResult, Target
from team.gates.evidence import Evidence


class SyntaxGate:
    """Judges by what our reader of Python files says, or the compiler of another language."""

    name = "syntax"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a file of code."""
        return None if target.sources or target.tests else "there is no source file"

    def run(self, target: Target) -> GateResult:
        """Fail for every file that cannot be compiled."""
        findings = tuple(
            Finding(
                file=path,
                line=facts.error.line,
                rule="syntax",
                severity="critical",
                message=facts.error.message,
            )
            for path, facts in sorted(self._evidence.facts.items())
            if facts.error
        )
        total = len(self._evidence.facts)
        return GateResult(
            name=self.name,
            status="fail" if findings else "pass",
            findings=findings,
            why=f"{len(findings)} of {total} files cannot be compiled"
            if findings
            else f"{total} files compile",
        )
