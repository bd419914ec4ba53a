"""The integrity gate: tests demand what they did, and nothing plays tricks on the judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from team.gates.base import Finding, GateResult, Target
from team.gates.contract.known import known_answers, written
from team.gates.evidence import Evidence
from team.gates.integrity.comparing import Example, weakened
from team.gates.integrity.configuration import weakening
from team.gates.integrity.data import changed_data
from team.gates.integrity.hollow import hollow_tests, skipped
from team.gates.integrity.hooks import hidden, hooks, misplaced
from team.gates.integrity.mocking import stand_ins
from team.gates.integrity.modules import Module, read_module
from team.gates.integrity.softened import loosened_types, newly_ignored, softened
from team.gates.integrity.state import read_state
from team.gates.integrity.tricks import tricks
from team.gates.integrity.vacuity import order_dependent, vacuous
from team.gates.probing import ProbeFailed
from team.gates.static import result
from team.gates.target import is_collected, regular_files
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
        findings = list(self._read(target))
        why = ""
        if target.sources and target.tests and not self._red(target):
            try:
                findings += self._tried(target)
            except ProbeFailed as failed:
                why = f"tests were not tried without the code: {failed}"
        return result(self.name, findings, why)

    def _red(self, target: Target) -> bool:
        return is_red(self._evidence.tests, target, self._evidence.facts)

    def _tried(self, target: Target) -> Iterator[Finding]:
        """What running the tests otherwise tells."""
        facts, mapped = self._evidence.facts, self._evidence.mapped
        records = self._evidence.tests.story.tests
        passed = sorted(name for name, record in records.items() if record.passed)
        now = read_state(self._evidence.tree, target.mandate)
        modules = _modules(now.sources), _modules(now.tests)
        yield from order_dependent(target, facts, passed, mapped)
        yield from vacuous(target, facts, passed, modules, mapped)

    def _read(self, target: Target) -> Iterator[Finding]:
        """What the files alone tell."""
        now = read_state(self._evidence.tree, target.mandate)
        paths = list(regular_files(target.root))
        yield from weakened(target.past, now.tests, target.mandate, _examples(target))
        yield from changed_data(target.past, read_state(target.root, target.mandate))
        yield from newly_ignored(
            self._evidence.facts, {**now.sources, **now.tests}, target.past, target.tests
        )
        yield from misplaced(paths)
        yield from hidden(target.root)
        yield from weakening(target.root, paths)
        left_out = self._left_out() if target.tests else frozenset()
        sources = _modules(now.sources)
        for source in sources:
            yield from tricks(source, is_test=False)
            yield from hooks(source)
            yield from softened(source)
            yield from loosened_types(source, target.past)
        for test in _modules(now.tests):
            yield from tricks(test, is_test=True)
            yield from hooks(test)
            yield from stand_ins(test, sources)
            if is_collected(test.path):
                yield from hollow_tests(test)
                if test.path in left_out:
                    yield from skipped(test)

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


def _modules(texts: Mapping[str, str]) -> Sequence[Module]:
    return [module for path, text in sorted(texts.items()) if (module := read_module(path, text))]
