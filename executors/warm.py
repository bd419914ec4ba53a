"""Warm runs: programs that start in a fork of a process that has imported what they need."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from executors.base import Executor, Limits
from executors.confinement import WORKSPACE, View
from executors.errors import SandboxUnavailable
from executors.interpreter import own_interpreter
from executors.pipes import Standard
from executors.running import SupervisedExecutor
from executors.scan import Snapshot
from executors.supervisor import Ending, Tree
from executors.warm_server import Preload, WarmServer, WarmTree


class WarmExecutor(SupervisedExecutor):
    """Runs ``python -c`` and ``python -m`` programs, each in a fork of a warm server, confined anew.

    What is promised of a run is as for a cold one. A workspace must be one that `new_folder` gave.
    """

    name = "local"

    def __init__(self, pool: WarmPool, server: WarmServer, work_dir: Path, limits: Limits) -> None:
        super().__init__(work_dir, limits)
        self.pool = pool
        self.tier = "a fork of a warm process (namespaces, seccomp, rlimits)"
        self._server = server
        self.workspace = WORKSPACE
        self.cache = None
        self.interpreter = server.interpreter

    @property
    def known(self) -> frozenset[str]:
        """Top-level modules that are imported already, and would be taken for a workspace's of that name."""
        return self._server.known

    def over(self, work_dir: Path) -> WarmExecutor:
        """The same server with another folder of its own."""
        if work_dir.parent != self._server.folder:
            raise ValueError(f"{work_dir} is none of the server's folders")
        return WarmExecutor(self.pool, self._server, work_dir, self.limits)

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """An empty folder for a workspace, removed at the end."""
        folder = self._server.folder / secrets.token_hex(8)
        folder.mkdir(0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _writable(self) -> bool:
        return self._server.preload.writable

    def _start(self, argv: Sequence[str], limits: Limits, before: Snapshot, standard: Standard) -> Tree:
        return self._server.start(argv, self.work_dir.name, limits, standard)

    def _judge_start(self, tree: Tree, ending: Ending, said: str) -> Ending:
        lost = isinstance(tree, WarmTree) and tree.code is None
        if ending.limit or lost:
            self._server.suspect()
        if lost and not ending.limit:
            raise SandboxUnavailable("the warm server was lost during a run", "run it cold")
        return ending


def pool_of(executor: Executor) -> WarmPool | None:
    """Where an executor's programs can start warm; None where its confinement cannot do that."""
    pool = getattr(executor, "warm", None)
    return pool if isinstance(pool, WarmPool) else None


class WarmPool:
    """The warm servers of one sandbox, by what they have imported. Close it with the sandbox."""

    def __init__(self, program: Path, view: View, limits: Limits) -> None:
        self._program = program
        self._view = view
        self._limits = limits
        self._lock = threading.Lock()
        self._servers: dict[Preload, WarmServer] = {}
        self._retired: list[WarmServer] = []
        self._failed: set[Preload] = set()
        self._closed = False

    def begin(self, preload: Preload) -> None:
        """Start a server in the background, unless there is one."""
        self._server(preload)

    def ready(self, preload: Preload, *, wait: float = 0) -> WarmExecutor | None:
        """What runs programs warm, or None while that cannot be.

        Args:
            preload: what must have been imported; the first call for it starts a server.
            wait: seconds to wait for the server.
        """
        return self._serving(self._server(preload), wait)

    def running(self, preload: Preload) -> WarmExecutor | None:
        """As `ready`, and None where no server was ever begun. One that had to go is replaced."""
        return self.ready(preload) if preload in self.begun else None

    @property
    def begun(self) -> tuple[Preload, ...]:
        """What the servers import that somebody has started."""
        with self._lock:
            return tuple(self._servers)

    def _serving(self, server: WarmServer | None, wait: float) -> WarmExecutor | None:
        if server is None or not server.ready(wait):
            return None
        return WarmExecutor(self, server, server.folder, self._limits)

    def _server(self, preload: Preload) -> WarmServer | None:
        with self._lock:
            server = self._servers.get(preload)
            if server is not None and server.usable:
                return server
            if server is not None:
                self._retired.append(self._servers.pop(preload))
                if server.never_ready:
                    self._failed.add(preload)
            self._close_retired()
            if self._closed or preload in self._failed:
                return None
            try:
                server = WarmServer(self._program, self._seen_by(preload), preload, self._limits)
            except (SandboxUnavailable, OSError):
                self._failed.add(preload)
                return None
            self._servers[preload] = server
            return server

    def _seen_by(self, preload: Preload) -> View:
        interpreter = own_interpreter() if preload.own else self._view.interpreter
        return replace(
            self._view,
            interpreter=interpreter,
            writable=preload.writable,
            readable=(*self._view.readable, *preload.readable),
        )

    def _close_retired(self) -> None:
        for server in [server for server in self._retired if server.idle]:
            server.close()
            self._retired.remove(server)

    def close(self) -> None:
        """End all servers; safe to call twice."""
        with self._lock:
            self._closed = True
            for server in (*self._servers.values(), *self._retired):
                server.close()
            self._servers.clear()
            self._retired.clear()
