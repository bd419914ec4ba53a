"""What runs and lies in a container: seen, ended, and cleared away."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import time
from contextlib import suppress

_IN_MEMORY = ("/tmp", "/dev/shm")
_CLEAN_SECONDS = 0.5


def processes() -> set[int]:
    """All processes of the container."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def nameless_files(processes: set[int], device: int) -> list[os.stat_result]:
    """What these processes hold open on a device that has no name any more."""
    found = []
    for pid in processes:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{name}")
                    if status.st_nlink == 0 and status.st_dev == device:
                        found.append(status)
    return found


def files_in_memory() -> int:
    """Files in the folders that lie in memory."""
    rooms = map(os.statvfs, _IN_MEMORY)
    return sum(room.f_files - room.f_ffree for room in rooms)


def end_all(leader: int) -> int:
    """Kill all that this user runs here but us, and wait for all of it; the leader's exit code."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)  # all in one go: no fork can get away
    code = 0
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == leader:
                code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def clean(ours: set[int]) -> bool:
    """Empty what lies in memory; whether really nothing is left for the next run."""
    deadline = time.monotonic() + _CLEAN_SECONDS
    try:
        for folder in _IN_MEMORY:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if time.monotonic() > deadline:
                        return False
                    if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                        shutil.rmtree(entry.path)
                    else:
                        os.unlink(entry.path)
        queues = os.listdir("/dev/mqueue") if os.path.isdir("/dev/mqueue") else []
        return not queues and not _system_v() and processes() == ours
    except (OSError, RecursionError):
        return False


def _system_v() -> bool:
    """Whether there is a message queue, semaphore or shared memory of System V."""
    for kind in ("msg", "sem", "shm"):
        with open(f"/proc/sysvipc/{kind}") as table:
            if len(table.readlines()) > 1:
                return True
    return False
