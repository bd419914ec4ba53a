"""What the gates of one judgement look at; each part is made once, at first need, and thrown away after."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from executors.scratch import ScratchFolder
from team.gates.base import Target
from team.gates.contract.asked import AskedExamples, ask_examples
from team.gates.probing import Probe, map_tests
from team.gates.reading import FileFacts, read_tree
from team.gates.rehearsal import believed_run
from team.gates.testrun import TestRun
from team.gates.trees import copy_files
from team.specs.task import language_of

Part = TypeVar("Part")


class _Once(Generic[Part]):
    """A value that the first of several threads makes and the others wait for."""

    def __init__(self, make: Callable[[], Part]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[Part] = []

    def __call__(self) -> Part:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class Evidence:
    """The judged tree, what is known of its files, and the run of its tests that counts.

    Use it as a context manager: the copy of the tree is removed at the end.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._folder = ScratchFolder("gates")
        self._tree = _Once(self._copy)
        self._facts = _Once(self._read)
        self._tests = _Once(lambda: believed_run(self.target, self.facts))
        self._mapped = _Once(lambda: map_tests(self.target, self.facts))
        self._examples = _Once(lambda: ask_examples(self.target))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.remove()

    @property
    def tree(self) -> Path:
        """A copy of the target's Python files, and of nothing else."""
        return self._tree()

    @property
    def facts(self) -> dict[str, FileFacts]:
        """What our reader says of each file, by path; of another language's, only whether it compiles."""
        return self._facts()

    @property
    def tests(self) -> TestRun:
        """The run of the tests that counts."""
        return self._tests()

    @property
    def mapped(self) -> Probe:
        """Which lines each test runs, from a run in the opposite order.

        Raises:
            team.gates.probing.ProbeFailed: that run did not come to its end.
        """
        return self._mapped()

    @property
    def examples(self) -> AskedExamples:
        """What the code answers to the examples of the requirements, asked from another process."""
        return self._examples()

    @property
    def broken(self) -> str:
        """Why nothing can be run or typed, in words; empty when every file compiles."""
        files = [path for path, facts in sorted(self.facts.items()) if facts.error]
        return f"not judged: {', '.join(files)} cannot be compiled" if files else ""

    def _read(self) -> dict[str, FileFacts]:
        language = language_of(self.target.spec)
        if language is None:
            return read_tree(self.target, self.tree)
        from team.gates.foreign.calls import check_foreign

        return check_foreign(self.target, language)

    def _copy(self) -> Path:
        tree = self._folder.path
        copy_files(self.target.root, [*self.target.sources, *self.target.tests], tree)
        return tree
