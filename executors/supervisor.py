"""Sees a run through: takes its output, watches its limits, and ends its whole process tree."""

from __future__ import annotations

import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from executors.base import LimitName, Limits
from executors.output import Capture
from executors.processes import Usage

REPORT_BYTES = 16 * 1024 * 1024
_CHUNK = 256 * 1024
_FLOOD = 64 * 1024  # what a pipe holds
_POLL_SECONDS = 0.02
_RAREST_POLL = 0.25
_POLL_SHARE = 0.1  # of the time, at most, is spent on polling
_CLOSEST_POLL = 0.002
_CLOSE_POLL_SHARE = 0.4  # the same, while memory could run out before the next poll
_FILLING = 4096  # MB per second: how fast a few processors take memory
THREADS_PER_PROCESS = 4
MB = 1024 * 1024


class Tree(Protocol):
    """A started program with everything that it started."""

    ended: int
    """A descriptor that becomes readable when the program itself has ended."""

    def usage(self, limits: Limits) -> Usage:
        """What the tree uses now."""
        ...

    def deleted_bytes(self, device: int) -> int:
        """What open files of this device hold that have no name any more."""
        ...

    def kill(self) -> None:
        """Kill every process of the tree; safe to call again."""
        ...

    def wait(self) -> int:
        """Wait until nothing of a killed tree is left; the program's exit code, 128 + a signal."""
        ...


class Sink(Protocol):
    """Takes what comes out of one pipe."""

    @property
    def full(self) -> bool:
        """Whether more came than may come."""
        ...

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        ...


class Output(Capture):
    """The output for people: never full, as the middle is let go."""

    full = False


@dataclass
class Report:
    """The report channel: kept whole, and ended when it is too long."""

    data: bytearray = field(default_factory=bytearray)
    full: bool = False

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self.full = self.full or len(self.data) + len(data) > REPORT_BYTES
        if not self.full:
            self.data += data


@dataclass(frozen=True)
class Ending:
    """How a run came to its end."""

    exit_code: int
    seconds: float
    limit: LimitName | None


def supervise(
    tree: Tree,
    pipes: dict[int, Sink],
    limits: Limits,
    room_left: Callable[[Tree], LimitName | None],
) -> Ending:
    """Follow a program to its end, or to the first limit that it meets; then nothing of it is left.

    Args:
        tree: what was started.
        pipes: descriptors to read from, non-blocking, with where their bytes go. The caller closes them.
        limits: what the tree may use.
        room_left: asked at every poll for the limits on the workspace.
    """
    started = time.monotonic()
    with _ahead_of_others():
        try:
            limit = _follow(tree, pipes, limits, room_left, started + limits.wall_seconds)
        finally:
            # Also when Ctrl-C interrupts us. Background children that a finished program left end here.
            tree.kill()
            code = tree.wait()
    seconds = time.monotonic() - started
    for pipe, sink in pipes.items():
        _drain(pipe, sink)
    limit = limit or _limit_told_by(code, limits)
    if limit is None and any(sink.full for sink in pipes.values()):
        limit = "output"
    return Ending(code, seconds, limit)


def _follow(
    tree: Tree,
    pipes: dict[int, Sink],
    limits: Limits,
    room_left: Callable[[Tree], LimitName | None],
    deadline: float,
) -> LimitName | None:
    with selectors.DefaultSelector() as selector:
        selector.register(tree.ended, selectors.EVENT_READ)
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        next_poll = time.monotonic() + _POLL_SECONDS
        while True:
            now = time.monotonic()
            if now >= deadline:
                return "wall"
            if now >= next_poll:
                spent = time.thread_time()
                usage = tree.usage(limits)
                # In time of our own: on a machine that the code keeps busy, polls must not grow rare.
                cost = time.thread_time() - spent
                if limit := _over(usage, limits) or room_left(tree):
                    return limit
                next_poll = time.monotonic() + _pause(usage, limits, cost)
            for key, _ in selector.select(max(0.0, min(deadline, next_poll) - time.monotonic())):
                if key.fd == tree.ended:
                    return None
                if not _take(key.fd, pipes[key.fd]):
                    selector.unregister(key.fd)
                elif pipes[key.fd].full:
                    return "output"


@contextmanager
def _ahead_of_others() -> Iterator[None]:
    """Let this thread run whenever it wants to, where that is permitted, which is to root.

    The kernel does not bound the processes of root: only a supervisor that is not kept waiting by a
    thousand of them can stop a fork bomb. For other users the kernel bounds them (see `rlimits`).
    """
    thread = threading.get_native_id()
    before, priority = os.sched_getscheduler(thread), os.sched_getparam(thread)
    try:
        os.sched_setscheduler(thread, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(thread, before, priority)


def _take(pipe: int, sink: Sink) -> bool:
    """Move what a pipe holds into its sink; false at its end."""
    try:
        data = os.read(pipe, _CHUNK)
    except BlockingIOError:
        return True
    sink.add(data)
    if len(data) >= _FLOOD:  # as fast as we read, it writes: let others have the processor, too
        time.sleep(0.0002)
    return bool(data)


def _drain(pipe: int, sink: Sink) -> None:
    """Take what is left; a stranger who still holds the pipe cannot delay this."""
    for _ in range(64):
        try:
            data = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            return
        sink.add(data)


def _pause(usage: Usage, limits: Limits, cost: float) -> float:
    """Seconds to the next poll: none, where possible, in which what is left of the memory could be taken."""
    usual = min(max(_POLL_SECONDS, cost / _POLL_SHARE), _RAREST_POLL)
    until_full = (limits.memory_mb - usage.memory_bytes / MB) / _FILLING
    return min(usual, max(until_full, cost / _CLOSE_POLL_SHARE, _CLOSEST_POLL))


def _over(usage: Usage, limits: Limits) -> LimitName | None:
    if usage.processes > limits.processes or usage.threads > limits.processes * THREADS_PER_PROCESS:
        return "processes"
    if usage.memory_bytes > limits.memory_mb * MB:
        return "memory"
    if usage.files > limits.files:
        return "files"
    if limits.cpu_seconds is not None and usage.cpu_seconds > limits.cpu_seconds:
        return "cpu"
    return None


def _limit_told_by(code: int, limits: Limits) -> LimitName | None:
    """The limit whose signal ended the program."""
    if code == 128 + signal.SIGXCPU and limits.cpu_seconds is not None:
        return "cpu"
    return "file" if code == 128 + signal.SIGXFSZ else None
