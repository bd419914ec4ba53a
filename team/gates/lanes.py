"""Threads for runs that take long, which an interruption of the caller interrupts, too."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

Outcome = TypeVar("Outcome")


class Lanes:
    """A pool whose work ends early when its context is left by an exception.

    Ctrl-C only reaches the main thread. The others would see their programs through, for minutes; so
    the same exception is raised in them, and the executors kill what they run, as they do for Ctrl-C.
    """

    def __init__(self, lanes: int) -> None:
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="gate")
        self._busy: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        if kind is not None:
            for thread in tuple(self._busy):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt)
                )
        self._pool.shutdown(wait=True)

    def start(self, work: Callable[[], Outcome]) -> Future[Outcome]:
        """Begin some work as soon as a thread is free."""
        return self._pool.submit(self._counted, work)

    def _counted(self, work: Callable[[], Outcome]) -> Outcome:
        thread = threading.get_ident()
        self._busy.add(thread)
        try:
            return work()
        finally:
            self._busy.discard(thread)
