"""What a tree of processes uses, read from a /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """What a process tree uses at one moment."""

    processes: int = 0
    threads: int = 0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    files: int = 0
    """Files that lie in memory: /tmp and /dev/shm of the run, where it has its own."""


def usage_of(proc: int, pids: Iterable[int], *, memory_above: int) -> Usage:
    """Add up what the processes use.

    Args:
        proc: a descriptor of the /proc to read.
        pids: process numbers as that /proc has them; those that are gone count nothing.
        memory_above: bytes. Shared pages are first counted once per process, which is cheap and never
            too little; only above this are they counted in fair shares (PSS), which walks page tables.
    """
    processes = threads = ticks = pages = 0
    alive: list[int] = []
    for pid in pids:
        fields = _stat_fields(proc, pid)
        if fields is None:
            continue
        # proc_pid_stat(5), counted from field 3: utime 14, stime 15, cutime 16, cstime 17, threads 20, rss 24
        processes += 1
        threads += int(fields[17])
        ticks += sum(map(int, fields[11:15]))
        if fields[0] == b"Z":  # its other threads live on, and with them its memory
            pid, fields = _living_thread(proc, pid) or (pid, fields)
        pages += int(fields[21])
        alive.append(pid)
    memory = pages * _PAGE
    if memory > memory_above:
        memory = sum(_fair_share(proc, pid) for pid in alive)
    return Usage(processes, threads, ticks * _TICK, memory)


def deleted_bytes(proc: int, pids: Iterable[int], device: int) -> int:
    """What files of this device hold that have no name any more but are still open."""
    found: dict[int, int] = {}
    for pid in pids:
        fields = _stat_fields(proc, pid)
        thread = _living_thread(proc, pid) if fields and fields[0] == b"Z" else None
        for status in _open_files(proc, thread[0] if thread else pid):
            if status.st_nlink == 0 and status.st_dev == device:
                found[status.st_ino] = status.st_blocks * 512
    return sum(found.values())


def _open_files(proc: int, pid: int) -> Iterator[os.stat_result]:
    try:
        folder = os.open(f"{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return
    try:
        with os.scandir(folder) as entries, suppress(OSError):
            for entry in entries:
                with suppress(OSError):
                    yield entry.stat()
    finally:
        os.close(folder)


def pids_in(proc: int) -> list[int]:
    """The process numbers in a /proc, given by a descriptor."""
    return [int(name) for name in os.listdir(proc) if name.isdigit()]


def pids_of_session(proc: int, session: int) -> list[int]:
    """The processes of a session; none of those that left it."""
    wanted = str(session).encode()
    found = ((pid, _stat_fields(proc, pid)) for pid in pids_in(proc))
    return [pid for pid, fields in found if fields is not None and fields[3] == wanted]


def descendants(proc: int, root: int) -> list[int]:
    """The living descendants of a process, which adopts those whose own parent ended."""
    children: dict[int, list[int]] = {}
    for pid in pids_in(proc):
        fields = _stat_fields(proc, pid)
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(pid)
    found: list[int] = []
    todo = [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def tasks_of_user() -> int:
    """How many processes and threads this user has."""
    found = 0
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for pid in pids_in(proc):
            with suppress(OSError):
                if os.stat(str(pid), dir_fd=proc).st_uid == os.getuid():
                    fields = _stat_fields(proc, pid)
                    found += int(fields[17]) if fields else 1
    finally:
        os.close(proc)
    return found


def read_proc(proc: int, path: str, at_most: int = 4096) -> bytes:
    """Bytes of a file in a /proc, given by a descriptor; none if the process is gone or closed to us."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return b""
    try:
        return os.read(handle, at_most)
    except OSError:
        return b""
    finally:
        os.close(handle)


def _stat_fields(proc: int, pid: int) -> list[bytes] | None:
    # The program's name, in brackets, may hold anything: count from the last bracket.
    fields = read_proc(proc, f"{pid}/stat").rpartition(b")")[2].split()
    if len(fields) <= 21 or fields[0] == b"X":
        return None
    # A process whose first thread ended is shown as dead, with as many threads as still live.
    return fields if fields[0] != b"Z" or int(fields[17]) > 1 else None


def _living_thread(proc: int, pid: int) -> tuple[int, list[bytes]] | None:
    """A thread of a process whose first one ended, and its fields."""
    for name in _names(proc, f"{pid}/task"):
        fields = _stat_fields(proc, int(name)) if name != str(pid) else None
        if fields is not None and fields[0] != b"Z":
            return int(name), fields
    return None


def _names(proc: int, folder: str) -> list[str]:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return []
    try:
        with os.scandir(handle) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []
    finally:
        os.close(handle)


def _fair_share(proc: int, pid: int) -> int:
    for line in read_proc(proc, f"{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    fields = _stat_fields(proc, pid)
    return int(fields[21]) * _PAGE if fields else 0
