"""Tries changes of function bodies in forks of a process that has collected the tests: without a new import.

To import a service and to collect its tests takes far longer than most tests. So one process does it once,
and each variant is a fork of it in which the functions that are changed get other code. That is as if the
variant had been imported, as long as the changed lines do not run at import, which the caller promises, and
the change is one of function bodies, which is looked at here. Other variants are left to be run alone.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.main import pytest_runtestloop as run_items

from .forks import Tree, in_fork
from .reporting import Place, Report

CONTROL_SECONDS = 10.0
_OPTIMIZED = 0x01  # inspect.CO_OPTIMIZED: set for functions, not for modules and classes
Change = tuple[FunctionType, CodeType]
Key = tuple[str, int, str]


class Live:
    """A pytest plugin that runs variants in forks, in place of the tests' one run.

    A fork may fail a test for another reason than the change: what was opened at import may not bear it. So
    every test that failed is tried in a fork without any change, and what it said counts only if it passes.

    Attributes:
        tried: the names of the variants that need no other run.
    """

    def __init__(
        self, variants: list[dict[str, Any]], report: Report, tree: Tree, notes: Any, end: float
    ) -> None:
        self.tried: list[str] = []
        self._variants = variants
        self._report = report
        self._tree = tree
        self._notes = notes
        self._end = end

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        """Try one variant after the other, where the collected tests can be forked at all."""
        if session.testsfailed or threading.active_count() > 1:
            return True
        functions = functions_of(Place(str(Path.cwd())))
        gc.freeze()
        told: list[tuple[str, str, set[str]]] = []
        for variant in self._variants:
            left = min(self._end - time.monotonic(), variant["seconds"])
            changes = changes_of(variant["files"], self._tree, functions)
            if changes is not None and left > 0:
                how, failed = self._in_fork(session, variant, changes, left)
                told.append((variant["name"], how, failed if how == "ended" else set(variant["tests"])))
        doubtful = self._failing_anyway(session, set().union(*(failed for _, _, failed in told)))
        for name, how, failed in told:
            if not failed & doubtful:
                self._report.say("over", variant=name, how=how)
                self.tried.append(name)
        return True

    def _failing_anyway(self, session: Any, tests: set[str]) -> set[str]:
        """Those of the tests that fail in a fork without a change; all of them when it does not end."""
        unchanged = {"name": "", "tests": sorted(tests), "first_failure": False}
        how, failed = self._in_fork(session, unchanged, [], CONTROL_SECONDS) if tests else ("ended", set())
        return failed if how == "ended" else tests

    def _in_fork(
        self, session: Any, variant: dict[str, Any], changes: list[Change], seconds: float
    ) -> tuple[str, set[str]]:
        """How a variant ended, and the tests that failed, as they were wished for."""
        with tempfile.TemporaryFile() as failures:

            def run() -> None:
                self._notes.begin(variant["name"])
                for function, code in changes:
                    function.__code__ = code
                session.items = list(chosen(session.items, variant["tests"]))
                session.config.option.maxfail = int(variant["first_failure"])
                with contextlib.suppress(session.Failed):
                    run_items(session)
                os.write(failures.fileno(), json.dumps(self._notes.failed).encode())

            how = in_fork(run, seconds)
            self._tree.restore()
            failures.seek(0)
            return how, set(json.loads(failures.read() or b"[]"))


def chosen(items: list[Any], wanted: list[str]) -> Iterator[Any]:
    """The tests with these ids, or in these files, classes and functions, in the order of the wishes."""
    taken: set[str] = set()
    for name in wanted:
        for item in items:
            among = item.nodeid == name or item.nodeid.startswith((f"{name}::", f"{name}["))
            if among and item.nodeid not in taken:
                taken.add(item.nodeid)
                yield item


def functions_of(place: Place) -> dict[Key, list[FunctionType]]:
    """The workspace's functions that live in this process, by the place of their code."""
    found: dict[Key, list[FunctionType]] = {}
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            code = thing.__code__
            path = place.relative(code.co_filename)
            if path is not None:
                found.setdefault((path, code.co_firstlineno, code.co_name), []).append(thing)
    return found


def changes_of(
    files: dict[str, str], tree: Tree, functions: dict[Key, list[FunctionType]]
) -> list[Change] | None:
    """The functions that have other code in a variant; None where only a new import shows what it does."""
    found: list[Change] = []
    for path, text in files.items():
        was = tree.text(path)
        if was is None:
            return None
        try:
            pairs = changed_bodies(
                *(compile(t, str(Path.cwd() / path), "exec", 0, True) for t in (was, text))
            )
        except (SyntaxError, ValueError, RecursionError):
            return None
        if pairs is None:
            return None
        for old, new, outermost in pairs:
            living = functions.get((path, old.co_firstlineno, old.co_name), [])
            if outermost and not living:
                return None
            if any(len(function.__code__.co_freevars) != len(new.co_freevars) for function in living):
                return None
            found += [(function, new) for function in living]
    return found


def changed_bodies(was: CodeType, now: CodeType) -> list[tuple[CodeType, CodeType, bool]] | None:
    """The pairs of functions' code that differ, with whether each is outermost; None where more differs."""
    before, after = inner(was), inner(now)
    if not alike(was, now) or len(before) != len(after):
        return None
    found: list[tuple[CodeType, CodeType, bool]] = []
    for old, new in zip(before, after, strict=False):  # as long as each other; Python 3.9 knows no `strict`
        if not old.co_flags & _OPTIMIZED:
            deeper = changed_bodies(old, new)
            if deeper is None:
                return None
            found += deeper
        elif differs(old, new):
            found.append((old, new, True))
            found += closures(old, new)
    return found


def closures(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType, bool]]:
    """The pairs of functions within a function that differ; some of them may live already."""
    if len(inner(old)) == len(inner(new)):
        for was, now in zip(inner(old), inner(new)):  # noqa: B905 - as above
            if differs(was, now):
                yield was, now, False
                yield from closures(was, now)


def differs(old: CodeType, new: CodeType) -> bool:
    """Whether two functions do something else; other lines are nothing else."""
    if not alike(old, new) or len(inner(old)) != len(inner(new)):
        return True
    return any(differs(was, now) for was, now in zip(inner(old), inner(new)))  # noqa: B905


def alike(old: CodeType, new: CodeType) -> bool:
    """Whether two pieces of code do the same, apart from the functions and classes in them."""
    return told(old) == told(new)


def told(code: CodeType) -> tuple[Any, ...]:
    """What a piece of code does, without lines and without the code in it."""
    constants = [(type(c).__name__, repr(c)) for c in code.co_consts if not isinstance(c, CodeType)]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_name, code.co_code, code.co_flags, code.co_argcount, *names, constants)


def inner(code: CodeType) -> list[CodeType]:
    """The code of the functions and classes that a piece of code defines."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]
