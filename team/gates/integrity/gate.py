"""The integrity gate: tests demand what they did, and nothing plays tricks on the judge."""

from __future__ import annotations

from collections.abc import Iterator

from team.gates.base import Finding, GateResult, Target
from team.gates.evidence import Evidence
from team.gates.integrity.comparing import weakened
from team.gates.static import result


class IntegrityGate:
    """Compares tests with those of earlier turns, and looks for what only a cheat needs."""

    name = "integrity"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a Python file."""
        return None if target.sources or target.tests else "there is no Python file"

    def run(self, target: Target) -> GateResult:
        """Fail for every demand that was given up, every trick, and every test that tests nothing."""
        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        return result(self.name, self._findings(target))

    def _findings(self, target: Target) -> Iterator[Finding]:
        texts = {path: (self._evidence.tree / path).read_text("utf-8-sig") for path in target.tests}
        yield from weakened(target.past, texts, target.mandate)
