"""Tests that demand nothing of the code, as a whole or one by one."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from team.gates.base import Finding
from team.gates.frames import Story
from team.gates.integrity.demands import tests_of
from team.gates.integrity.modules import Module, calls_in, last_name
from team.gates.integrity.relations import Relation
from team.gates.target import is_collected
from team.gates.testfailures import function_of

_BOUND = re.compile(r"\(?\b\w+ := ")
_DEMANDING = re.compile(r"assert|check|verify|raises|warns|fail|expect|should|ensure", re.IGNORECASE)
_OTHERWISE = frozenset({"raises", "warns", "fail", "deprecated_call", "exit"})


def idle(tests: Sequence[Module]) -> Iterator[Finding]:
    """A finding where no test of a tree demands anything but that the code agrees with itself."""
    found = tests_of([test for test in tests if is_collected(test.path)])
    if not found:
        return
    demands = [demand for test in found.values() for demand in test.demands]
    if any(not _of_itself(demand.relation) for demand in demands):
        return
    names = (last_name(call) for test in tests for call in calls_in(test.tree))
    if demands or not any(_DEMANDING.search(name) for name in names):
        first = min(found)
        message = "no test demands anything of the code: compare what it answers with what is right"
        yield Finding(
            file=first.partition("::")[0], rule="demands-nothing", severity="critical", message=message
        )


def _of_itself(relation: Relation) -> bool:
    """Whether an assertion compares what the code answers with what the code answers."""
    if relation.sign not in ("==", "is", "<=", ">="):
        return False
    return _plain(relation.subject) == _plain(relation.expected) and "(" in relation.subject


def _plain(text: str) -> str:
    return _BOUND.sub("", text).replace(")", "").replace("(", "")


def unasserted(tests: Sequence[Module], story: Story, expected: Collection[str]) -> Iterator[Finding]:
    """Tests that passed without coming to any of their assertions.

    Args:
        tests: the test files.
        story: the run that counts.
        expected: the tests that stand in the files, as ``path::Class::test``.
    """
    cases: dict[str, bool] = {}
    for name, record in story.tests.items():
        cases[function_of(name)] = cases.get(function_of(name), True) and record.passed
    for name in sorted(name for name, passed in cases.items() if passed and name in expected):
        path, _, rest = name.partition("::")
        module = next((test for test in tests if test.path == path), None)
        node = module.find(rest) if module else None
        lines = sorted(_assertions(node)) if node else []
        if lines and not any(f"{path}:{line}" in story.asserted for line in lines):
            message = f"{name} passes without coming to its assertion: let it come there, or remove it"
            yield Finding(file=path, line=lines[0], rule="assertion-not-run", message=message)


def _assertions(test: ast.AST) -> set[int]:
    """The lines of a test's assertions; none when it demands something in another way, too."""
    if any(last_name(call) in _OTHERWISE or last_name(call).startswith("assert_") for call in calls_in(test)):
        return set()
    found: set[int] = set()
    for node in ast.walk(test):
        match node:
            case ast.Assert(test=ast.Constant(value=value)) if not value:
                return set()  # it marks a place that is not reached
            case ast.Assert():
                found.add(node.lineno)
            case ast.Call() if last_name(node).startswith("assert"):
                found.add(node.lineno)
    return found
