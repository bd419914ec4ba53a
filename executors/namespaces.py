"""The handle on everything that runs in the namespaces of one run."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from executors.base import Limits
from executors.lifeline import Lifeline
from executors.processes import Usage, deleted_bytes, descendants, pids_in, usage_of
from executors.supervisor import MB

_END_SECONDS = 3.0


class Namespace:
    """The processes of one process namespace: when its first one dies, the kernel kills them all."""

    def __init__(self, init: int, init_handle: int) -> None:
        self._init = init
        self._init_handle = init_handle
        self._proc: int | None = None

    def usage(self, limits: Limits) -> Usage:
        """What the processes use, with what they hold in /tmp and /dev/shm counted as memory."""
        proc = self._open_proc()
        if proc is None:
            return Usage()
        with suppress(OSError):
            # The first process is bubblewrap's own.
            pids = [pid for pid in pids_in(proc) if pid > 1]
            if len(pids) > limits.processes:  # a bomb grows while one looks at it closely
                return Usage(processes=len(pids))
            held, files = self._held_in_memory()
            used = usage_of(proc, pids, memory_above=limits.memory_mb * MB - held)
            return replace(used, memory_bytes=used.memory_bytes + held, files=files)
        return Usage()

    def deleted_bytes(self, device: int) -> int:
        """What open files without a name hold of a device."""
        proc = self._open_proc()
        return deleted_bytes(proc, pids_in(proc), device) if proc is not None else 0

    def kill(self) -> None:
        """Kill the first process, and with it the namespace.

        It must get its turn to die: only then can no process of the namespace fork any more.
        """
        if select.select([self._init_handle], [], [], 0)[0]:
            return
        with suppress(ProcessLookupError):
            try:
                os.sched_setscheduler(self._init, os.SCHED_RR, os.sched_param(1))
            except PermissionError:
                self._clear_the_way()
            signal.pidfd_send_signal(self._init_handle, signal.SIGKILL)

    def _clear_the_way(self) -> None:
        """Kill what may be in the way of the first process, one by one: what is killed gives up its turn."""
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for pid in descendants(proc, self._init):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        finally:
            os.close(proc)

    def _let_go(self) -> None:
        for handle in (self._init_handle, self._proc):
            if handle is not None:
                os.close(handle)
        self._proc = None

    def _open_proc(self) -> int | None:
        """The /proc of the namespace, once bubblewrap has mounted it."""
        if self._proc is None:
            try:
                handle = os.open(f"/proc/{self._init}/root/proc", os.O_RDONLY | os.O_DIRECTORY)
            except OSError:
                return None
            if os.fstat(handle).st_dev == Path("/proc").stat().st_dev:  # still the host's
                os.close(handle)
                return None
            self._proc = handle
        return self._proc

    def _held_in_memory(self) -> tuple[int, int]:
        """Bytes and files in the run's own file systems in memory."""
        held = files = 0
        for folder in ("tmp", "dev/shm"):
            with suppress(OSError):
                room = os.statvfs(f"/proc/{self._init}/root/{folder}")
                held += (room.f_blocks - room.f_bfree) * room.f_frsize
                files += room.f_files - room.f_ffree
        return held, files


class NamespaceTree(Namespace):
    """The processes in the namespaces of one run, and bubblewrap outside, which waits for them."""

    def __init__(self, outer: subprocess.Popen[bytes], init: int, status: int, lifeline: Lifeline) -> None:
        super().__init__(init, os.pidfd_open(init))
        self._lifeline = lifeline
        self._outer = outer
        self._status = status
        self.ended = os.pidfd_open(outer.pid)
        self.ran = False
        """Whether the program was started at all; known after `wait`."""

    def wait(self) -> int:
        """Wait until the namespace is empty, and let go of the descriptors."""
        select.select([self._init_handle], [], [])
        if not select.select([self.ended], [], [], _END_SECONDS)[0]:
            self._outer.kill()  # it missed the end of the inner one
        code = self._outer.wait()
        self._lifeline.cut()
        self.ran = b'"exit-code"' in _read_all(self._status)
        self._let_go()
        os.close(self.ended)
        os.close(self._status)
        return code if code >= 0 else 128 - code


def _read_all(handle: int) -> bytes:
    os.set_blocking(handle, False)
    with suppress(BlockingIOError):
        return os.read(handle, 65536)
    return b""
