"""What all executors of this house share: pipes, limits, the workspace, and AutoGen's seam."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from executors import bubblewrap
from executors.base import LimitName, Limits, Outcome, Reported
from executors.confinement import View
from executors.errors import SandboxUnavailable
from executors.interpreter import Interpreter
from executors.pipes import Pipe, Standard, input_from
from executors.scan import Snapshot
from executors.seam import BlockExtractor, BlockResult, run_blocks
from executors.supervisor import Ending, Output, Report, Sink, Tree, supervise
from executors.workspace import Settled, WorkspaceWatch


class WorkspaceExecutor(ABC):
    """Runs programs over a workspace. How a program is started and followed is for subclasses to say."""

    name: str
    tier: str
    """How code is confined, in one line for people."""
    workspace: str
    """The path under which code sees the workspace."""
    cache: str | None
    """The path under which code sees the cache folder, where one was given."""

    interpreter: Interpreter
    """What the program name ``python`` stands for."""

    def __init__(self, work_dir: Path, limits: Limits) -> None:
        self.work_dir = work_dir
        self.limits = limits

    @abstractmethod
    def over(self, work_dir: Path) -> WorkspaceExecutor:
        """The same sandbox over another folder."""

    @abstractmethod
    def _run(self, argv: Sequence[str], stdin: bytes, limits: Limits, report: Report | None) -> Outcome:
        """Run one program to its end; with a report, what it writes to stdout goes there."""

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", limits: Limits | None = None) -> Outcome:
        """Run one program to its end and kill whatever it left behind.

        Args:
            argv: the program and its arguments; `python` is the chosen interpreter.
            stdin: what the program can read; nothing, unless given.
            limits: for this run instead of the executor's.

        Raises:
            SandboxUnavailable: the program could not be confined, so it was not started.
        """
        return self._checked(argv, stdin, limits, None)

    def run_reporting(
        self, argv: Sequence[str], *, stdin: bytes = b"", limits: Limits | None = None
    ) -> Reported:
        """As `run`, but stdout is kept apart as the report; a longer one than 16 MiB ends the run."""
        report = Report()
        outcome = self._checked(argv, stdin, limits, report)
        return Reported(outcome=outcome, report=bytes(report.data))

    def _checked(
        self, argv: Sequence[str], stdin: bytes, limits: Limits | None, report: Report | None
    ) -> Outcome:
        if not argv:
            raise ValueError("argv names no program")
        return self._run(argv, stdin, limits or self.limits, report)

    def _outcome(self, ending: Ending, output: str, watch: WorkspaceWatch | None) -> Outcome:
        after = watch.settle(failed=ending.exit_code != 0) if watch else Settled()
        return Outcome(
            exit_code=ending.exit_code,
            output=output,
            seconds=round(ending.seconds, 4),
            limit=ending.limit or after.limit,
            files_changed=after.changed,
            denials=after.removed,
        )

    @property
    def code_extractor(self) -> BlockExtractor:
        """AutoGen's seam: an object with ``extract_code_blocks(message)``."""
        return BlockExtractor()

    def execute_code_blocks(self, code_blocks: list[Any]) -> BlockResult:
        """AutoGen's seam: run the blocks in order, up to the first that fails; never raises."""
        return run_blocks(self, code_blocks)

    def restart(self) -> None:
        """Forget all state between runs: there is none but the files, which stay."""
        return

    def close(self) -> None:
        """Let go of what is held between runs: nothing. Safe to call twice."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SupervisedExecutor(WorkspaceExecutor):
    """Runs programs as processes of this machine, each followed to its end by the supervisor."""

    @abstractmethod
    def over(self, work_dir: Path) -> SupervisedExecutor:
        """The same sandbox over another folder."""

    @property
    def _writable(self) -> bool:
        """Whether a run can change the workspace."""
        return True

    @abstractmethod
    def _start(self, argv: Sequence[str], limits: Limits, before: Snapshot, standard: Standard) -> Tree:
        """Start the program with these descriptors as its standard ones."""

    def _run(self, argv: Sequence[str], stdin: bytes, limits: Limits, report: Report | None) -> Outcome:
        _require_news_of_children()
        output = Output(limits.output_bytes)
        watch = WorkspaceWatch(self.work_dir, limits) if self._writable else None
        with ExitStack() as held:
            source = held.enter_context(input_from(stdin))
            spoken = held.enter_context(Pipe())
            reported = held.enter_context(Pipe()) if report is not None else spoken
            before = watch.before if watch else Snapshot()
            tree = self._start(argv, limits, before, Standard(source, reported.writing, spoken.writing))
            spoken.close_writing()
            reported.close_writing()
            sinks: dict[int, Sink] = {spoken.reading: output}
            if report is not None:
                sinks[reported.reading] = report
            ending = supervise(tree, sinks, limits, watch.room_left if watch else _no_limit)
        said = output.text()
        return self._outcome(self._judge_start(tree, ending, said), said, watch)

    def _judge_start(self, tree: Tree, ending: Ending, said: str) -> Ending:
        """The ending, put right when the program was never started.

        Raises:
            SandboxUnavailable: what should confine the program could not be set up.
        """
        return ending


def _require_news_of_children() -> None:
    """Whoever ignores SIGCHLD, and what they start, never hear how a process ended, or that it did.

    Raises:
        SandboxUnavailable: it is ignored here.
    """
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        raise SandboxUnavailable(
            "SIGCHLD is ignored in this process, so the end of a program would not be heard of",
            "call signal.signal(signal.SIGCHLD, signal.SIG_DFL) first",
        )


class ViewExecutor(SupervisedExecutor):
    """Runs programs of this machine's own interpreters, which see what a view says."""

    def __init__(self, view: View, limits: Limits) -> None:
        super().__init__(view.work_dir, limits)
        self._view = view
        self.workspace = str(view.work_dir)
        self.cache = str(view.cache) if view.cache else None
        self.interpreter = view.interpreter

    @property
    def _writable(self) -> bool:
        return self._view.writable

    def _view_over(self, work_dir: Path) -> View:
        """The same view of another folder."""
        return replace(self._view, work_dir=work_dir.resolve())

    def _protecting_view(self, before: Snapshot) -> View:
        """The view, in which the workspace's repositories cannot be written."""
        protected = bubblewrap.repositories(self.work_dir, list(before.entries))
        return replace(self._view, protected=protected)


def _no_limit(tree: Tree) -> LimitName | None:
    """The workspace's limit where nothing can be written to it."""
    return None
