"""The limits that the kernel keeps for each process."""

from __future__ import annotations

import math
import resource

from executors.base import Limits
from executors.supervisor import MB, THREADS_PER_PROCESS

DESCRIPTORS = 1024
_LARGEST_MESSAGE_QUEUES = 0


def rlimits(limits: Limits) -> dict[int, tuple[int, int]]:
    """Resource → (soft, hard), for the processes of a run.

    There is no limit on address space: numerical libraries map far more than they use, and what is
    used is polled for the whole tree. Where the user is not root, the kernel bounds the tasks, too.
    """
    tasks = limits.processes * THREADS_PER_PROCESS
    chosen = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_mb * MB,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
        resource.RLIMIT_NPROC: tasks,
        resource.RLIMIT_MSGQUEUE: _LARGEST_MESSAGE_QUEUES,
        resource.RLIMIT_MEMLOCK: 64 * 1024,
    }
    bounds = {name: (value, value) for name, value in chosen.items()}
    if limits.cpu_seconds is not None:
        seconds = math.ceil(limits.cpu_seconds)
        bounds[resource.RLIMIT_CPU] = (seconds, seconds + 1)
    return {name: _within_ours(name, soft, hard) for name, (soft, hard) in bounds.items()}


def _within_ours(name: int, soft: int, hard: int) -> tuple[int, int]:
    """Only root may raise a hard limit above the one that we have ourselves."""
    ours = resource.getrlimit(name)[1]
    if ours == resource.RLIM_INFINITY:
        return soft, hard
    return min(soft, ours), min(hard, ours)
