"""The unconfined executor: the same supervision and limits, and nothing between the code and the machine.

Only for code that the user trusts, and only when asked for by name.
"""

from __future__ import annotations

import os
import resource
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from executors.base import Limits
from executors.confinement import environ
from executors.pipes import Standard
from executors.processes import Usage, deleted_bytes, pids_in, pids_of_session, read_proc, usage_of
from executors.rlimits import rlimits
from executors.running import ViewExecutor
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
        """What the processes of the program's session use; to look for marks would take too long."""
        pids = pids_of_session(self._proc, self._leader.pid)
        if len(pids) > limits.processes:
            return Usage(processes=len(pids))
        return usage_of(self._proc, pids, memory_above=limits.memory_mb * MB)

    def deleted_bytes(self, device: int) -> int:
        """What open files without a name hold of a device."""
        return deleted_bytes(self._proc, pids_of_session(self._proc, self._leader.pid), device)

    def kill(self) -> None:
        """Kill the process group, then marked processes until none is left, for ten seconds at most."""
        with suppress(ProcessLookupError):
            os.killpg(self._leader.pid, signal.SIGKILL)
        killed: set[int] = set()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            # Each is killed as it is found: then it cannot fork any more, though it takes time to die.
            alive = [pid for pid in self._members() if _kill(pid)]
            if not alive:
                return
            if killed.issuperset(alive):
                time.sleep(0.005)
            killed.update(alive)

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


class UnconfinedExecutor(ViewExecutor):
    """Runs code as the user, with resource limits and the supervisor but without confinement."""

    name = "unconfined"
    tier = "unconfined (resource limits only; code can do whatever you can do)"

    def over(self, work_dir: Path) -> UnconfinedExecutor:
        """The same executor over another folder."""
        return UnconfinedExecutor(self._view_over(work_dir), self.limits)

    def _start(self, argv: Sequence[str], limits: Limits, before: Snapshot, standard: Standard) -> Tree:
        mark = secrets.token_hex(8)
        environment = environ(
            self._view.interpreter, home=str(Path.home()), extra={**self._view.extra_environ, _MARK: mark}
        )
        program, *rest = argv
        if program == "python":
            program = str(self._view.interpreter.executable)
        leader = subprocess.Popen(
            ["sh", "-c", 'exec "$0" "$@"', program, *rest],  # 126 and 127 where it cannot be executed
            stdin=standard.stdin,
            stdout=standard.stdout,
            stderr=standard.stderr,
            env=environment,
            cwd=self.work_dir,
            start_new_session=True,
        )
        for name, bounds in rlimits(limits, tasks=False).items():
            with suppress(ProcessLookupError):
                resource.prlimit(leader.pid, name, bounds)
        return MarkedTree(leader, mark)


def _kill(pid: int) -> bool:
    """Kill a process; false when it was gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
