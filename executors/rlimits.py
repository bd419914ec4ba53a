"""The limits that the kernel keeps for each process."""

from __future__ import annotations

import math
import os
import platform
import re
import resource

from executors.base import Limits
from executors.processes import tasks_of_user
from executors.supervisor import MB, THREADS_PER_PROCESS

DESCRIPTORS = 1024


def rlimits(limits: Limits, *, tasks: bool) -> dict[int, tuple[int, int]]:
    """Resource → (soft, hard), for the processes of a run.

    There is no limit on address space: numerical libraries map far more than they use, and what is
    used is polled for the whole tree.

    Args:
        limits: of the run.
        tasks: whether to bound processes and threads here, too. Only where they are counted for the run
            alone, which is in a user namespace of its own; the kernel exempts root.
    """
    chosen = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_mb * MB,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 64 * 1024,
    }
    if tasks and _counts_by_namespace():
        chosen[resource.RLIMIT_NPROC] = limits.processes * THREADS_PER_PROCESS
    bounds = {name: (value, value) for name, value in chosen.items()}
    if limits.cpu_seconds is not None:
        seconds = math.ceil(limits.cpu_seconds)
        bounds[resource.RLIMIT_CPU] = (seconds, seconds + 1)
    return {name: _within_ours(name, soft, hard) for name, (soft, hard) in bounds.items()}


def rlimits_beside(limits: Limits) -> dict[int, tuple[int, int]]:
    """As `rlimits`, for a run without a user namespace, whose tasks are counted with all of its user's.

    So many as there are now may come on top. This does not bound root, whom only the supervisor stops.
    """
    bounds = rlimits(limits, tasks=False)
    if os.getuid() != 0:
        most = tasks_of_user() + limits.processes * THREADS_PER_PROCESS
        bounds[resource.RLIMIT_NPROC] = _within_ours(resource.RLIMIT_NPROC, most, most)
    return bounds


def _within_ours(name: int, soft: int, hard: int) -> tuple[int, int]:
    """Only root may raise a hard limit above the one that we have ourselves."""
    ours = resource.getrlimit(name)[1]
    if ours == resource.RLIM_INFINITY:
        return soft, hard
    return min(soft, ours), min(hard, ours)


def _counts_by_namespace() -> bool:
    """Before Linux 5.14, the number counts all tasks of the user, wherever they are."""
    release = re.match(r"(\d+)\.(\d+)", platform.release())
    return release is not None and (int(release[1]), int(release[2])) >= (5, 14)
