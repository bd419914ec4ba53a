"""Starts a program under bubblewrap, and is the handle on everything that runs in its namespaces."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from executors import bubblewrap, seccomp
from executors.base import Limits
from executors.confinement import View
from executors.errors import SandboxUnavailable
from executors.lifeline import Lifeline
from executors.pipes import Standard
from executors.processes import Usage, deleted_bytes, descendants, pids_in, usage_of
from executors.rlimits import rlimits
from executors.supervisor import MB

_START_SECONDS = 20.0
_END_SECONDS = 3.0
MEND = "see what `devteam doctor` says about this machine"


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


def start(
    program: Path, argv: Sequence[str], view: View, limits: Limits, standard: Standard
) -> NamespaceTree:
    """Start a program in new namespaces.

    Bubblewrap waits, before it starts anything, until the resource limits are set on its inner process:
    set earlier, they would count all processes of the user.

    Raises:
        SandboxUnavailable: bubblewrap could not make the namespaces.
    """
    filter_ = seccomp.program(unix_sockets=not limits.network)

    def options(passwd: int, group: int) -> list[str]:
        return bubblewrap.arguments(view, limits, passwd=passwd, group=group)

    return _launch(program, argv, options, filter_, rlimits(limits, tasks=True), standard)


def start_server(
    program: Path, argv: Sequence[str], view: View, limits: Limits, *, said: int, control: int
) -> NamespaceTree:
    """Start a server of warm runs, which may make namespaces (see `warm_inside`).

    Args:
        program: bubblewrap.
        argv: the server.
        view: what it sees; its workspace holds those of all runs.
        limits: for the sizes of what lies in memory.
        said: a descriptor for what it prints.
        control: a descriptor that it inherits.

    Raises:
        SandboxUnavailable: bubblewrap could not make the namespaces.
    """

    def options(passwd: int, group: int) -> list[str]:
        return bubblewrap.server_arguments(view, limits, passwd=passwd, group=group)

    with Path(os.devnull).open("rb") as nothing:
        standard = Standard(nothing.fileno(), said, said)
        filter_ = seccomp.program(nesting=True)
        return _launch(program, argv, options, filter_, {resource.RLIMIT_CORE: (0, 0)}, standard, control)


def _launch(
    program: Path,
    argv: Sequence[str],
    options_with: Callable[[int, int], list[str]],
    filter_code: bytes,
    bounds: Mapping[int, tuple[int, int]],
    standard: Standard,
    *inherited: int,
) -> NamespaceTree:
    with ExitStack() as ours:
        passwd, group = (_with_content(ours, content) for content in bubblewrap.passwd_and_group())
        filter_ = _with_content(ours, filter_code)
        status, status_inside = os.pipe()
        go, go_outside = os.pipe()
        inside = ours.enter_context(os.fdopen(status_inside, "wb", buffering=0))
        for handle in (go, go_outside):
            ours.callback(os.close, handle)
        options = options_with(passwd, group)
        # Passed in a file, as everything inside can read the command line of the first process.
        options_file = _with_content(ours, b"".join(os.fsencode(option) + b"\0" for option in options))
        command = [str(program), "--args", str(options_file), "--seccomp", str(filter_)]
        command += ["--json-status-fd", str(status_inside), "--block-fd", str(go), "--", *argv]
        lifeline = Lifeline(go_outside)  # should we die, the inner process must not take it for a go
        undone = ours.enter_context(ExitStack())
        undone.callback(lifeline.cut)  # with the inner process, which may still wait for the outer one
        undone.callback(os.close, status)
        outer = subprocess.Popen(
            command,
            stdin=standard.stdin,
            stdout=standard.stdout,
            stderr=standard.stderr,
            env={},
            cwd="/",
            process_group=lifeline.group,
            pass_fds=(passwd, group, filter_, options_file, status_inside, go, *inherited),
        )
        undone.callback(_end, outer)
        inside.close()  # so that we see it closed when bubblewrap fails
        init = _inner_process(status)
        for name, bound in bounds.items():
            resource.prlimit(init, name, bound)
        lifeline.watch(init)
        os.write(go_outside, b"g")
        tree = NamespaceTree(outer, init, status, lifeline)
        undone.pop_all()
        return tree


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _with_content(stack: ExitStack, content: bytes) -> int:
    handle = os.memfd_create("devteam")
    stack.callback(os.close, handle)
    os.write(handle, content)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _inner_process(status: int) -> int:
    """The first process of the namespace, from bubblewrap's first line, which comes in pieces."""
    line = b""
    deadline = time.monotonic() + _START_SECONDS
    while b"\n" not in line:
        ready, _, _ = select.select([status], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(status, 4096) if ready else b""
        if not piece:
            raise SandboxUnavailable("bubblewrap cannot make namespaces here", MEND)
        line += piece
    return int(json.loads(line.splitlines()[0])["child-pid"])


def _read_all(handle: int) -> bytes:
    os.set_blocking(handle, False)
    with suppress(BlockingIOError):
        return os.read(handle, 65536)
    return b""
