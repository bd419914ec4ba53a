"""The tests gate: pytest, as our runner saw it and not as anything in the workspace reports it."""

from __future__ import annotations

from team.gates.base import GateResult, Target
from team.gates.contract.faults import settled
from team.gates.evidence import Evidence
from team.gates.frames import TestRecord
from team.gates.static import result
from team.gates.testrun import TestRun
from team.gates.testverdict import findings_of
from team.gates.wording import told


class TestsGate:
    """Judges the run of the tests that counts (see `rehearsal`)."""

    name = "tests"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a Python file; that there are no tests is a finding."""
        return None if target.sources or target.tests else "there is no Python file"

    def run(self, target: Target) -> GateResult:
        """Fail for every test that did not really pass, and for every sign that the run was not honest."""
        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        run, facts = self._evidence.tests, self._evidence.facts
        findings = settled(findings_of(run, target, facts), self._evidence)
        passed = sum(record.passed for record in run.story.tests.values())
        said = result(self.name, findings, f"{passed} of {len(run.story.tests)} tests passed")
        return said.model_copy(update={"evidence": "tests", "cases": _cases(run)})


def _cases(run: TestRun) -> dict[str, str]:
    """The verdict of each test: pass, skipped and why, or its error."""
    return {told(name): _verdict(record, run.root) for name, record in run.story.tests.items()}


def _verdict(record: TestRecord, root: str) -> str:
    if record.passed:
        return "pass"
    if record.failure:
        return told(record.failure.error or record.failure.text, root) or "failed"
    return f"skipped: {told(record.skip.reason, root)}" if record.skip else "not run to its end"
