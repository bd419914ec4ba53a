"""The unconfined executor: the same supervision and limits, and nothing between the code and the machine.

Only for code that the user trusts, and only when asked for by name.
"""

from __future__ import annotations

import os
import resource
import secrets
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from executors.base import Limits
from executors.confinement import View, environ
from executors.processes import Usage, deleted_bytes, pids_in, read_proc, usage_of
from executors.rlimits import rlimits
from executors.running import SupervisedExecutor
from executors.scan import Snapshot
from executors.supervisor import MB, Tree

_MARK = "DEVTEAM_RUN"


class MarkedTree:
    """A process and its descendants, told by a mark in their environment.

    The mark finds daemons that left their session and their parents. A process that takes the mark away
    is not found: without confinement there is no sure means against that.
    """

    def __init__(self, leader: subprocess.Popen[bytes], mark: str) -> None:
        self._leader = leader
        self._mark = os.fsencode(f"{_MARK}={mark}")
        self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        self.ended = os.pidfd_open(leader.pid)

    def usage(self, limits: Limits) -> Usage:
        """What the marked processes use."""
        return usage_of(self._proc, self._members(), memory_above=limits.memory_mb * MB)

    def deleted_bytes(self, device: int) -> int:
        """What open files without a name hold of a device."""
        return deleted_bytes(self._proc, self._members(), device)

    def kill(self) -> None:
        """Kill the process group, then marked processes until none is left."""
        with suppress(ProcessLookupError):
            os.killpg(self._leader.pid, signal.SIGKILL)
        for _ in range(100):
            members = list(self._members())
            if not members:
                return
            for pid in members:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the program itself, and let go of the descriptors."""
        code = self._leader.wait()
        os.close(self.ended)
        os.close(self._proc)
        return code if code >= 0 else 128 - code

    def _members(self) -> Iterator[int]:
        for pid in pids_in(self._proc):
            if self._mark in read_proc(self._proc, f"{pid}/environ", 65536).split(b"\0"):
                yield pid


class UnconfinedExecutor(SupervisedExecutor):
    """Runs code as the user, with resource limits and the supervisor but without confinement."""

    name = "unconfined"
    tier = "unconfined (resource limits only; code can do whatever you can do)"

    def __init__(self, view: View, limits: Limits) -> None:
        super().__init__(view.work_dir, limits)
        self._view = view
        self.workspace = str(view.work_dir)
        self.cache = str(view.cache) if view.cache else None
        self.interpreter = view.interpreter

    def over(self, work_dir: Path) -> UnconfinedExecutor:
        """The same executor over another folder."""
        return UnconfinedExecutor(replace(self._view, work_dir=work_dir.resolve()), self.limits)

    @property
    def _writable(self) -> bool:
        return self._view.writable

    def _start(
        self,
        argv: Sequence[str],
        limits: Limits,
        before: Snapshot,
        *,
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> Tree:
        mark = secrets.token_hex(8)
        environment = environ(
            self._view.interpreter, home=str(Path.home()), extra={**self._view.extra_environ, _MARK: mark}
        )
        program, *rest = argv
        if program == "python":
            program = str(self._view.interpreter.executable)
        leader = subprocess.Popen(
            [program, *rest],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            cwd=self.work_dir,
            start_new_session=True,
        )
        for name, bounds in rlimits(limits, tasks=False).items():
            with suppress(ProcessLookupError):
                resource.prlimit(leader.pid, name, bounds)
        return MarkedTree(leader, mark)
