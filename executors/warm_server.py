"""A server of warm runs, from outside: it is started, told what to run, and replaced when in doubt."""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from executors import bubblewrap, seccomp
from executors.base import Limits
from executors.confinement import HOME, RUNS, USER_ID, WORKSPACE, View, environ
from executors.errors import SandboxUnavailable
from executors.namespaces import Namespace, NamespaceTree
from executors.pipes import input_from
from executors.rlimits import rlimits
from executors.scratch import ScratchFolder
from executors.unsharing import start_server

_INSIDE = Path(__file__).with_name("warm_inside.py")
_START_SECONDS = 60.0
_JOB_SECONDS = 10.0
_END_SECONDS = 5.0
_SHARED, _TEMPORARY = _IN_MEMORY = ("/dev/shm", "/tmp")
_SINGLE_THREADED: Mapping[str, str] = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""What keeps numerical libraries from starting threads, which a fork would lose."""


@dataclass(frozen=True)
class Preload:
    """What a server has done before its first run. All of it is ours or installed, nothing a workspace's."""

    modules: tuple[str, ...]
    """Imported in this order, where they are installed."""
    prepare: str = ""
    """Python code of ours that runs after that."""
    options: tuple[str, ...] = ("-s",)
    """The interpreter's options; runs must ask for the same."""
    own: bool = False
    """Whether the interpreter is that of this program instead of the sandbox's."""
    writable: bool = True
    """Whether runs can change their workspace."""
    readable: tuple[Path, ...] = field(default=())
    """Further folders and files, at their own paths."""


class WarmTree(Namespace):
    """The processes of one warm run: in namespaces of their own, below the server's."""

    def __init__(self, init: int, handle: int, report: socket.socket, done: Callable[[], None]) -> None:
        super().__init__(init, handle)
        self._report = report
        self._done = done
        self.ended = handle
        self.code: int | None = None
        """The exit code, as the server saw it; known after `wait`, None when the server did not say."""

    def wait(self) -> int:
        """Wait until the namespace is empty, and let go of the descriptors."""
        select.select([self._init_handle], [], [])
        with suppress(OSError, ValueError):
            self._report.settimeout(_END_SECONDS)
            self.code = int(self._report.recv(16))
        self._report.close()
        self._let_go()
        self._done()
        code = -9 if self.code is None else self.code
        return code if code >= 0 else 128 - code


class WarmServer:
    """One server process with its folder of workspaces.

    Raises:
        SandboxUnavailable: bubblewrap could not start it.
    """

    def __init__(self, program: Path, view: View, preload: Preload, limits: Limits) -> None:
        self.preload = preload
        self.interpreter = view.interpreter
        self._shown, self._links = bubblewrap.below(_IN_MEMORY, view)
        self.known: frozenset[str] = frozenset()
        self.never_ready = True
        """Whether it never could serve: another one would not, either."""
        self._suspected = False
        self._running = 0
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._scratch = ScratchFolder("warm")
        self.folder = self._scratch.path
        self._host, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        cold = environ(view.interpreter, home=HOME, extra=view.extra_environ)
        restored = {name: cold.get(name) for name in _SINGLE_THREADED}
        job = {"modules": preload.modules, "prepare": preload.prepare, "environ": restored}
        source = _INSIDE.read_text(encoding="utf-8")
        argv = ["python", *preload.options, "-c", source, str(inside.fileno()), json.dumps(job)]
        seen = replace(view, work_dir=self.folder, extra_environ={**view.extra_environ, **_SINGLE_THREADED})
        try:
            with Path(os.devnull).open("wb") as nothing:
                self._tree: NamespaceTree | None = start_server(
                    program, argv, seen, limits, said=nothing.fileno(), control=inside.fileno()
                )
        except BaseException:
            self._host.close()
            self._scratch.remove()
            raise
        finally:
            inside.close()

    @property
    def usable(self) -> bool:
        """Whether it runs, or is about to, and nothing speaks against it."""
        tree = self._tree
        if tree is None or self._suspected or select.select([tree.ended], [], [], 0)[0]:
            return False
        return bool(self.known) or time.monotonic() < self._started + _START_SECONDS

    def ready(self, wait: float) -> bool:
        """Whether it can serve, after waiting for so many seconds at most."""
        with self._lock:
            if self.known or not self.usable:
                return bool(self.known) and self.usable
            if not select.select([self._host], [], [], wait)[0]:
                return False
            try:
                greeting = json.loads(self._host.recv(1 << 18))
                alone = greeting["threads"] == 1  # locks that a lost thread held would stay locked
                self.known = frozenset(greeting["known"]) if alone else frozenset()
            except (OSError, ValueError, KeyError, TypeError):
                self.known = frozenset()
            self.never_ready = self._suspected = not self.known
            return bool(self.known)

    @property
    def idle(self) -> bool:
        """Whether no run of it is going on."""
        return self._running == 0

    def suspect(self) -> None:
        """Let it serve no more; runs that are going on come to their end."""
        self._suspected = True

    def start(
        self, argv: Sequence[str], folder: str, limits: Limits, standard: tuple[int, int, int]
    ) -> WarmTree:
        """Start a program in a fork.

        Raises:
            SandboxUnavailable: the server did not start it, or not confined.
            ValueError: it is no program that runs in a fork.
        """
        if limits.network:
            raise ValueError("a warm run has no network")
        job = {**self._told(limits), **self._program(argv), "folder": folder}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._count(1)
        try:
            with theirs, input_from(json.dumps(job).encode()) as told:
                handles = array.array("i", [told, theirs.fileno(), *standard])
                self._host.sendmsg([b"run"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
            return self._begun(ours)
        except BaseException as error:
            ours.close()
            self.suspect()
            self._count(-1)
            if isinstance(error, OSError | SandboxUnavailable):
                raise SandboxUnavailable(f"the warm server fails ({error})", "run it cold") from error
            raise

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change

    def _begun(self, report: socket.socket) -> WarmTree:
        """The run's tree, once its first process has said that it is confined."""
        report.settimeout(_JOB_SECONDS)
        handle, said = -1, b""
        try:
            while handle < 0 or not said:
                data, handles, _, _ = socket.recv_fds(report, 1024, 1)
                if handles:
                    handle = handles[0]
                elif not data or data[:1] == b"!":
                    raise SandboxUnavailable(data[1:].decode("utf-8", "replace") or "it ended", "run it cold")
                else:
                    said = data
            return WarmTree(_process_of(handle), handle, report, lambda: self._count(-1))
        except BaseException:
            if handle >= 0:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                os.close(handle)
            raise

    def _program(self, argv: Sequence[str]) -> dict[str, Any]:
        options = ["python", *self.preload.options]
        if list(argv[: len(options)]) != options or argv[len(options)] not in ("-c", "-m"):
            raise ValueError(f"a warm run starts with {' '.join(options)} and -c or -m")
        how, what, *arguments = argv[len(options) :]
        return {"how": how, "what": what, "arguments": arguments}

    def _told(self, limits: Limits) -> dict[str, Any]:
        shm, tmp = bubblewrap.memory_sizes(limits)
        return {
            "runs": RUNS,
            "workspace": WORKSPACE,
            "home": HOME,
            "user": USER_ID,
            "writable": self.preload.writable,
            "memory": {_SHARED: shm, _TEMPORARY: tmp},
            "shown": self._shown,
            "links": self._links,
            "rlimits": [(name, *bounds) for name, bounds in rlimits(limits, tasks=True).items()],
            "filter": seccomp.program(unix_sockets=True).hex(),
        }

    def close(self) -> None:
        """End it with all its runs; safe to call twice."""
        tree, self._tree = self._tree, None
        if tree is not None:
            self._host.close()
            tree.kill()
            tree.wait()
            self._scratch.remove()


def _process_of(handle: int) -> int:
    """The number of a process here, given by a handle; 0 when it has ended."""
    for line in Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines():
        if line.startswith("Pid:"):
            return max(0, int(line.split()[1]))
    return 0
