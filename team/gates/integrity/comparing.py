"""Whether tests still demand what they demanded before.

What has to be kept is gathered over all turns: a test's newest version that gave nothing up. So a
weakened test never becomes what the next one is compared with.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from team.gates.base import Finding
from team.gates.integrity.demands import TestCode, fixtures_of, tests_of
from team.gates.integrity.modules import Module, calls_in, read_module, unparsed
from team.gates.integrity.past import Mandate, TreeState
from team.gates.integrity.relations import Demand, Relation, tolerances

_CALLEE = re.compile(r"[A-Za-z_][\w.]*(?=\()")
_BROAD = frozenset({"Exception", "BaseException", ""})
_WEAKER = frozenset({"in", "not in", "contains", "<", "<=", ">", ">=", "true", "!=", "is not", "isinstance"})
_NOISE = ("print(", "logging.", "warnings.")


@dataclass(frozen=True)
class Kept:
    """A test that has to be kept, and what may be changed in it."""

    test: TestCode
    mandate: Mandate = field(default_factory=Mandate)

    @property
    def expected_is_free(self) -> bool:
        """Whether its expected values may change."""
        return _covers(self.mandate.expected, self.test)

    @property
    def steps_are_free(self) -> bool:
        """Whether the steps before its assertions may change."""
        return self.mandate.new_plan or _covers(self.mandate.steps | self.mandate.expected, self.test)


@dataclass(frozen=True)
class Suite:
    """All tests of one state of a tree."""

    tests: Mapping[str, TestCode]
    unreadable: frozenset[str]
    steps: frozenset[str]


def read_suite(files: Mapping[str, str]) -> Suite:
    """The tests of test files; files that are no Python are only named."""
    modules: list[Module] = []
    unreadable = set()
    for path, text in sorted(files.items()):
        module = read_module(path, text)
        if module is None:
            unreadable.add(path)
        else:
            modules.append(module)
    tests = tests_of(modules)
    steps = {step for test in (*tests.values(), *fixtures_of(modules)) for step in test.steps}
    return Suite(tests, frozenset(unreadable), frozenset(steps))


def weakened(
    past: Sequence[TreeState], now: Mapping[str, str], mandate: Mandate, examples: Sequence[Example] = ()
) -> list[Finding]:
    """What the present tests gave up of what the tests of earlier turns demanded.

    Args:
        past: the trees after the earlier turns, oldest first.
        now: path → text of the present test files.
        mandate: what the authors of the present tests were asked to change.
        examples: what the requirements say: never to be contradicted.
    """
    kept: dict[str, Kept] = {}
    for state in past:
        suite = read_suite(state.tests)
        lost = _losses(_allowed(kept, state.mandate), suite, examples)
        kept = _carried(_allowed(kept, state.mandate), suite, {finding[0] for finding in lost})
    return [finding for _, finding in _losses(_allowed(kept, mandate), read_suite(now), examples)]


@dataclass(frozen=True)
class Example:
    """One example of the requirements: the values that go in, as Python writes them, and what comes out."""

    inputs: tuple[str, ...]
    expected: str

    def is_said_by(self, relation: Relation) -> bool:
        """Whether an assertion says just this."""
        same = relation.sign in ("==", "is", "raises") and relation.expected == self.expected
        return same and any(inputs == self.inputs for inputs in _inputs_of(relation.subject))


def _inputs_of(subject: str) -> Iterator[tuple[str, ...]]:
    """The arguments of every call in what is tested."""
    try:
        calls = list(calls_in(ast.parse(subject, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for call in calls:
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        yield tuple(unparsed(value) for value in values)


def _allowed(kept: Mapping[str, Kept], mandate: Mandate) -> dict[str, Kept]:
    return {name: replace(one, mandate=one.mandate | mandate) for name, one in kept.items()}


def _carried(kept: Mapping[str, Kept], suite: Suite, lost: set[str]) -> dict[str, Kept]:
    """What has to be kept from here on."""
    carried = {name: Kept(test) for name, test in suite.tests.items() if name not in lost}
    for name, one in kept.items():
        if name in lost or one.test.id.partition("::")[0] in suite.unreadable:
            carried[name] = one
    return carried


def _losses(kept: Mapping[str, Kept], suite: Suite, examples: Sequence[Example]) -> list[tuple[str, Finding]]:
    """Test → finding, for all that was given up."""
    matching = _Matching(kept, suite, examples)
    return [(name, finding) for name, one in sorted(kept.items()) for finding in matching.of(name, one)]


class _Matching:
    """Finds for each demand that has to be kept the present one that keeps it."""

    def __init__(self, kept: Mapping[str, Kept], suite: Suite, examples: Sequence[Example]) -> None:
        self._suite = suite
        self._examples = examples
        self._open: dict[str, list[Demand]] = {}
        self._spare: dict[str, list[Demand]] = {}
        for name, one in kept.items():
            new = suite.tests.get(name)
            self._open[name], self._spare[name] = _matched(
                one.test.demands, new.demands if new and not new.off else ()
            )
        added = (test for name, test in suite.tests.items() if name not in kept and not test.off)
        self._elsewhere = [demand for test in added for demand in test.demands]
        self._elsewhere += [demand for spare in self._spare.values() for demand in spare]

    def of(self, name: str, one: Kept) -> Iterator[Finding]:
        path = name.partition("::")[0]
        if path in self._suite.unreadable:
            return
        new = self._suite.tests.get(name)
        gone = [demand for demand in self._open[name] if not self._taken_elsewhere(demand)]
        if new is None:
            if gone or (not one.test.demands and not set(one.test.steps) <= self._suite.steps):
                what = f"with {_listed(gone)}" if gone else "as it was"
                yield _finding(
                    path, None, "test-deleted", f"{name} was deleted or renamed away: restore it {what}"
                )
            return
        if new.off and not one.test.off:
            yield _finding(
                path, new.line, "switched-off", f"{name} is switched off by {new.off}: remove that"
            )
            return
        for demand in gone:
            if finding := self._given_up(name, one, new, demand):
                yield finding
        if not one.steps_are_free and not gone:
            yield from self._steps(one.test, new)

    def _given_up(self, name: str, one: Kept, new: TestCode, demand: Demand) -> Finding | None:
        spare = self._spare[name]
        for candidate in spare:
            if self._keeps(one, demand, candidate):
                spare.remove(candidate)
                return None
        near = next((c for c in spare if c.relation.subject == demand.relation.subject), None)
        if near is None:
            message = f"{name} no longer demands {demand}: restore it"
            return _finding(demand.file, new.line, "assertion-removed", message)
        rule, why = _difference(demand, near)
        if any(example.is_said_by(demand.relation) for example in self._examples):
            why = f"the requirements give this example{', and ' + why if why else ''}"
        message = f"{name} demanded {demand} and now {near}: {why}restore it"
        return _finding(demand.file, near.line, rule, message)

    def _keeps(self, one: Kept, old: Demand, new: Demand) -> bool:
        """Whether a changed demand asks for at least as much, or was allowed to change."""
        before, after = old.relation, new.relation
        if not new.guards <= old.guards:
            return False
        if one.mandate.new_plan and _nameless(before) == _nameless(after):
            return True
        if before.subject != after.subject:
            return False
        if _is_stronger(before, after):
            return True
        if not one.expected_is_free or any(example.is_said_by(before) for example in self._examples):
            return False
        return _only_value_changed(before, after)

    def _taken_elsewhere(self, demand: Demand) -> bool:
        """Whether another test makes the demand that this one no longer makes."""
        left = _matched([demand], self._elsewhere)[1]
        taken = len(left) < len(self._elsewhere)
        self._elsewhere = left
        return taken

    def _steps(self, old: TestCode, new: TestCode) -> Iterator[Finding]:
        for step in old.steps:
            if step not in self._suite.steps and not step.startswith(_NOISE):
                message = f"{old.id} no longer does `{step[:100]}` before its assertions: restore it"
                yield _finding(old.id.partition("::")[0], new.line, "steps-changed", message)


def _matched(old: Sequence[Demand], new: Sequence[Demand]) -> tuple[list[Demand], list[Demand]]:
    """The demands of both sides that have no equal on the other."""
    places: dict[Relation, list[int]] = {}
    for index, demand in enumerate(new):
        places.setdefault(demand.relation, []).append(index)
    left, taken = [], set()
    for demand in old:
        alike = (index for index in places.get(demand.relation, ()) if index not in taken)
        twin = next((index for index in alike if new[index].guards <= demand.guards), None)
        if twin is None:
            left.append(demand)
        else:
            taken.add(twin)
    return left, [demand for index, demand in enumerate(new) if index not in taken]


def _is_stronger(before: Relation, after: Relation) -> bool:
    """Whether the second leaves the same subject less room."""
    if before.sign == after.sign and before.expected == after.expected:
        if "approx" in before.detail or "approx" in after.detail:
            old, new = tolerances(before.detail), tolerances(after.detail)
            return all(new[name] <= old[name] for name in old)
        return not before.detail
    return after.is_exact and before.sign in _WEAKER


def _only_value_changed(before: Relation, after: Relation) -> bool:
    """Whether nothing but the expected value differs."""
    if before.sign != after.sign and {before.sign, after.sign} != {"==", "is"}:
        return False
    if after.expected in _BROAD and before.expected not in _BROAD:
        return False
    if before.detail and not after.detail:
        return "approx" in before.detail
    if "approx" in after.detail:
        old, new = tolerances(before.detail or "approx()"), tolerances(after.detail)
        return all(new[name] <= old[name] for name in old)
    return True


def _difference(old: Demand, new: Demand) -> tuple[str, str]:
    """The rule, and what is wrong in words."""
    if old.relation == new.relation:
        guards = ", ".join(sorted(new.guards - old.guards))
        return "assertion-loosened", f"it only holds within `{guards}`; "
    if old.relation.sign == new.relation.sign and _only_value_changed(old.relation, new.relation):
        return "expected-changed", "nobody found the test at fault; "
    return "assertion-loosened", "it asks for less; "


def _nameless(relation: Relation) -> tuple[str, ...]:
    parts = (relation.sign, relation.subject, relation.expected, relation.detail)
    return tuple(_CALLEE.sub("_", part) for part in parts)


def _covers(places: Iterable[str], test: TestCode) -> bool:
    """Whether a place names a test, its lines or its file."""
    path = test.id.partition("::")[0]
    for place in places:
        if place in (path, test.id) or test.id.startswith(f"{place}::"):
            return True
        file, _, line = place.rpartition(":")
        if file == path and line.isdigit() and test.line <= int(line) <= test.end:
            return True
    return False


def _listed(demands: Sequence[Demand]) -> str:
    first = ", ".join(str(demand) for demand in demands[:3])
    return first + (f" and {len(demands) - 3} more" if len(demands) > 3 else "")


def _finding(path: str, line: int | None, rule: str, message: str) -> Finding:
    return Finding(file=path, line=line, rule=rule, severity="critical", message=message)
