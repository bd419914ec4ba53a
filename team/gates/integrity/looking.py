"""What the files of a tree alone tell of the integrity of its tests. Nothing is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from team.gates.base import Finding
from team.gates.integrity.comparing import Example, weakened
from team.gates.integrity.configuration import weakening
from team.gates.integrity.data import changed_data
from team.gates.integrity.hollow import hollow_tests
from team.gates.integrity.hooks import hidden, hooks, misplaced
from team.gates.integrity.idle import idle
from team.gates.integrity.mocking import replaced_everywhere, stand_ins
from team.gates.integrity.modules import Module, read_module
from team.gates.integrity.past import TreeState
from team.gates.integrity.sham import shams
from team.gates.integrity.softened import loosened_types, softened
from team.gates.integrity.spying import spying
from team.gates.integrity.tricks import tricks
from team.gates.target import is_collected, regular_files


def look(
    root: Path, now: TreeState, past: Sequence[TreeState] = (), examples: Sequence[Example] = ()
) -> Iterator[Finding]:
    """Findings about a tree.

    Args:
        root: the folder that holds it.
        now: its state, with what its authors were asked to change.
        past: the states after the earlier turns, oldest first.
        examples: what the requirements say.
    """
    paths = list(regular_files(root))
    yield from weakened(past, now.tests, now.mandate, examples)
    yield from changed_data(past, now)
    yield from misplaced(paths)
    yield from hidden(root)
    yield from weakening(root, paths)
    sources = modules(now.sources)
    for source in sources:
        yield from _of_source(source, past)
        yield from spying(source, now.tests)
    tests = modules(now.tests)
    for test in tests:
        yield from _of_test(test, sources)
    yield from idle(tests)
    yield from replaced_everywhere(tests, sources)


def modules(texts: Mapping[str, str]) -> list[Module]:
    """The files that are Python, parsed."""
    return [module for path, text in sorted(texts.items()) if (module := read_module(path, text))]


def _of_source(source: Module, past: Sequence[TreeState]) -> Iterator[Finding]:
    yield from tricks(source, is_test=False)
    yield from hooks(source)
    yield from softened(source)
    yield from loosened_types(source, past)


def _of_test(test: Module, sources: Sequence[Module]) -> Iterator[Finding]:
    yield from tricks(test, is_test=True)
    yield from hooks(test)
    yield from stand_ins(test, sources)
    if is_collected(test.path):
        yield from hollow_tests(test)
        yield from shams(test, sources)
