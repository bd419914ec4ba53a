"""Starts a program in a Landlock domain, and is the handle on everything that runs in it."""

from __future__ import annotations

import functools
import json
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from executors import landlock, seccomp
from executors.base import Limits
from executors.confinement import View, environ
from executors.errors import SandboxUnavailable
from executors.launcher import kernel
from executors.launcher.job import Job, Told
from executors.launching import launch
from executors.pipes import Standard
from executors.processes import Usage, deleted_bytes, descendants, usage_of
from executors.rlimits import rlimits_beside
from executors.scan import scan
from executors.scratch import ScratchFolder
from executors.supervisor import MB

_START_SECONDS = 20.0
_END_SECONDS = 30.0
_SCAN_SECONDS = 0.1
_SCAN_SHARE = 0.1  # of the time, at most, is spent on looking at the temporary files
_SEARCH_SECONDS = 0.015
_WRITABLE, _SHIMS = ("home", "tmp"), "bin"  # of the run's own folder
MEND = "see what `devteam doctor` says about this machine"


class DomainTree:
    """The processes of one run: all descendants of its keeper, who ends them and then itself."""

    def __init__(self, link: socket.socket, keeper: int, handle: int, scratch: ScratchFolder) -> None:
        self._link = link
        self._keeper = keeper
        self._keeper_handle = handle
        self._scratch = scratch
        self._folder = scratch.path
        self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._held = (0, 0)
        self._room = _room(self._folder)
        self._next_scan = time.monotonic() + _SCAN_SECONDS
        self._pids: list[int] = []
        self._next_search = 0.0
        self._told: Told = {}
        self.ended = os.dup(link.fileno())

    @property
    def failed(self) -> str | None:
        """Why the program could not be confined, when it was not started; known after `wait`."""
        if self._told.keys() & {"exit", "missing"}:
            return self._told.get("failed")
        return self._told.get("failed", "its keeper was killed")

    @property
    def missing(self) -> int | None:
        """The errno with which the program could not be executed; known after `wait`."""
        return self._told.get("missing")

    def usage(self, limits: Limits) -> Usage:
        """What the processes use, with what they hold in temporary files counted as memory."""
        with suppress(OSError):
            pids = self._processes()
            if len(pids) > limits.processes:  # a bomb grows while one looks at it closely
                return Usage(processes=len(pids))
            held, files = self._held_in_files(pids, limits)
            used = usage_of(self._proc, pids, memory_above=limits.memory_mb * MB - held)
            # Orphans that ended count as the keeper's.
            gone = usage_of(self._proc, [self._keeper], memory_above=limits.memory_mb * MB).cpu_seconds
            return replace(
                used,
                memory_bytes=used.memory_bytes + held,
                files=files,
                cpu_seconds=used.cpu_seconds + gone,
            )
        return Usage()

    def deleted_bytes(self, device: int) -> int:
        """What open files without a name hold of a device."""
        return deleted_bytes(self._proc, descendants(self._proc, self._keeper), device)

    def kill(self) -> None:
        """Have the keeper kill all processes of the run: at once, and whatever they do."""
        if select.select([self._keeper_handle], [], [], 0)[0]:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.sched_setscheduler(self._keeper, os.SCHED_RR, os.sched_param(1))  # it must get its turn
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_WR)

    def wait(self) -> int:
        """Wait until nothing of the run is left, and let go of the descriptors."""
        if not select.select([self._keeper_handle], [], [], _END_SECONDS)[0]:
            with suppress(ProcessLookupError):  # its launcher kills what it leaves behind
                signal.pidfd_send_signal(self._keeper_handle, signal.SIGKILL)
        self._listen()
        self._link.close()
        if self._told.keys().isdisjoint({"exit", "missing", "failed"}):  # it was killed, and removed nothing
            self._scratch.remove()
        self._scratch.let_go()
        for handle in (self._keeper_handle, self._proc, self.ended):
            os.close(handle)
        code = self._told.get("exit", -signal.SIGKILL)
        return code if code >= 0 else 128 - code

    def _listen(self) -> None:
        """Take what the keeper said so far."""
        self._link.setblocking(False)
        with suppress(BlockingIOError, ConnectionResetError):
            while message := self._link.recv(65536):
                self._told.update(json.loads(message))

    def _processes(self) -> list[int]:
        """The run's processes. They are searched for among all of the machine, which takes most of a poll:
        polls that are close to each other, as memory runs out, go by those of a moment ago.
        """
        now = time.monotonic()
        if now >= self._next_search:
            self._pids = descendants(self._proc, self._keeper)
            self._next_search = now + _SEARCH_SECONDS
        return self._pids

    def _held_in_files(self, pids: list[int], limits: Limits) -> tuple[int, int]:
        """Bytes and files in the run's temporary folder, as far as can be told cheaply.

        They are counted when their turn has come, and at once when the file system has lost much room.
        """
        now, room = time.monotonic(), _room(self._folder)
        if now >= self._next_scan or self._room - room > limits.memory_mb * MB // 16:
            self._room = room
            found = scan(self._folder)
            nameless = deleted_bytes(self._proc, pids, self._folder.stat().st_dev)
            self._held = found.disk_bytes + nameless, len(found.entries)
            cost = time.monotonic() - now
            self._next_scan = now + cost + max(_SCAN_SECONDS, cost / _SCAN_SHARE)
        return self._held


def _room(folder: Path) -> int:
    """Bytes that are free where a folder lies; none once it is gone."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0
    return found.f_bfree * found.f_frsize


def start(argv: Sequence[str], view: View, limits: Limits, standard: Standard) -> DomainTree:
    """Start a program in a Landlock domain of its own.

    Raises:
        SandboxUnavailable: it could not be confined.
        ValueError: an argument cannot be passed on: it has a NUL character, or is no text.
    """
    for argument in argv:
        if b"\0" in os.fsencode(argument):
            raise ValueError("embedded null byte")
    try:
        return _start(argv, view, limits, standard)
    except OSError as error:
        raise SandboxUnavailable(f"the sandbox cannot be set up ({error.strerror})", MEND) from error


def _start(argv: Sequence[str], view: View, limits: Limits, standard: Standard) -> DomainTree:
    with ExitStack() as undone:
        scratch = ScratchFolder(f"run-{os.getpid()}")
        undone.callback(scratch.remove)
        folder = scratch.path
        job = _job(argv, view, limits, folder)
        own = [folder / name for name in _WRITABLE]
        rules = landlock.grants(view, folder / _SHIMS, own, network=limits.network)
        ruleset = landlock.ruleset(rules)
        try:
            link = launch(job, standard, ruleset)
        finally:
            os.close(ruleset)
        undone.callback(link.close)
        link.settimeout(_START_SECONDS)
        message, handles = kernel.receive(link, 4096, 1)
        if not message or not handles:
            raise SandboxUnavailable("the sandbox's launcher cannot start a process", MEND)
        told: Told = json.loads(message)
        tree = DomainTree(link, told["keeper"], handles[0], scratch)
        undone.pop_all()  # now the folder is the keeper's to remove
        return tree


@functools.cache
def _filter(network: bool) -> str:
    return seccomp.program(namespaces=False, network=network).hex()


def _job(argv: Sequence[str], view: View, limits: Limits, folder: Path) -> Job:
    home, temporary = (folder / name for name in _WRITABLE)
    shims = folder / _SHIMS
    for place in (home, temporary, shims):
        place.mkdir()
    if not (view.interpreter.scripts / "python").exists():
        (shims / "python").symlink_to(view.interpreter.executable)
    own = {
        "TMPDIR": str(temporary),
        "PATH": f"{view.interpreter.scripts}:{shims}:/usr/local/bin:/usr/bin:/bin",
    }
    bounds = rlimits_beside(limits)
    writable = [
        home,
        temporary,
        *([view.cache] if view.cache else []),
        *([view.work_dir] if view.writable else []),
    ]
    return Job(
        argv=list(argv),
        environ=environ(view.interpreter, home=str(home), extra={**own, **view.extra_environ}),
        work_dir=str(view.work_dir),
        folder=str(folder),
        rlimits=[(name, soft, hard) for name, (soft, hard) in bounds.items()],
        filter=_filter(limits.network),
        answered={str(number): name for number, name in seccomp.answered_calls().items()},
        writable=[str(path) for path in writable],
        protected=[str(view.work_dir / name) for name in view.protected],
    )
