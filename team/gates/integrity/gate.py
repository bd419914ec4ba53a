"""The integrity gate: tests demand what they did, and nothing plays tricks on the judge."""

from __future__ import annotations

from collections.abc import Iterator

from team.gates.base import Finding, GateResult, Target
from team.gates.contract.known import known_answers, written
from team.gates.evidence import Evidence
from team.gates.integrity.comparing import Example
from team.gates.integrity.hollow import skipped
from team.gates.integrity.idle import unasserted
from team.gates.integrity.looking import look, modules
from team.gates.integrity.past import TreeState
from team.gates.integrity.softened import newly_ignored
from team.gates.integrity.state import read_state
from team.gates.integrity.vacuity import order_dependent, vacuous
from team.gates.probing import ProbeFailed
from team.gates.static import result
from team.gates.testverdict import is_red


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
        now = read_state(target.root, target.mandate)
        findings = [*look(target.root, now, target.past, _examples(target)), *self._known(target, now)]
        why = ""
        if all(finding.severity == "minor" for finding in findings) and self._holds(target):
            try:
                findings += self._tried(target, now)
            except ProbeFailed as failed:
                why = f"tests were not tried without the code: {failed}"
        return result(self.name, findings, why)

    def _known(self, target: Target, now: TreeState) -> Iterator[Finding]:
        """What follows from what other gates know: comments that were added, and tests that were skipped."""
        facts = self._evidence.facts
        yield from newly_ignored(facts, {**now.sources, **now.tests}, target.past, target.tests)
        left_out = self._left_out() if target.tests else frozenset()
        for test in modules(now.tests):
            if test.path in left_out:
                yield from skipped(test)

    def _holds(self, target: Target) -> bool:
        """Whether there are tests, and all of them hold."""
        tested = bool(target.sources and target.tests)
        return tested and not is_red(self._evidence.tests, target, self._evidence.facts)

    def _tried(self, target: Target, now: TreeState) -> Iterator[Finding]:
        """What running the tests otherwise tells."""
        facts, mapped = self._evidence.facts, self._evidence.mapped
        records = self._evidence.tests.story.tests
        passed = sorted(name for name, record in records.items() if record.passed)
        written = {f"{path}::{test}" for path in target.tests for test in facts[path].tests}
        yield from unasserted(modules(now.tests), self._evidence.tests.story, written)
        yield from order_dependent(target, facts, passed, mapped)
        yield from vacuous(target, facts, passed, (modules(now.sources), modules(now.tests)), mapped)

    def _left_out(self) -> frozenset[str]:
        """The test files of which something was skipped when the tests were run."""
        story = self._evidence.tests.story
        names = [name for name, record in story.tests.items() if record.skip and not record.failure]
        names += [frame.id for frame in story.collect_skips]
        return frozenset(name.partition("::")[0] for name in names)


def _examples(target: Target) -> list[Example]:
    """What the requirements say of single calls, as tests would write it."""
    found = []
    for known in known_answers(target.spec):
        values = [*known.call.args, *known.call.kwargs.values(), known.expected]
        *inputs, expected = map(written, values)
        if not known.raises and expected and all(inputs):
            found.append(Example(tuple(inputs), expected))
    return found
