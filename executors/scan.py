"""A workspace as a table of its entries: what is in it, how much room it takes, what changed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

TOO_DEEP = 64
"""Levels of folders that are walked."""

Stamp = tuple[int, int, int, int, int]


@dataclass
class Snapshot:
    """The entries of a folder at one moment. Links are entries, never followed."""

    entries: dict[str, Stamp] = field(default_factory=dict)
    disk_bytes: int = 0
    too_deep: bool = False

    def changed_since(self, before: Snapshot) -> tuple[str, ...]:
        """Paths of files (not folders) that were added, altered or removed, sorted.

        A file counts as altered when its kind, mode, size, inode or change time differs: the change
        time is the kernel's and cannot be set back.
        """
        paths = before.entries.keys() | self.entries.keys()
        return tuple(
            sorted(
                printable(path)
                for path in paths
                if before.entries.get(path) != self.entries.get(path)
                and not _is_folder(self.entries.get(path) or before.entries[path])
            )
        )


def scan(root: Path, *, at_most: int | None = None) -> Snapshot:
    """Walk a folder.

    Args:
        root: the folder; what cannot be read in it is left out.
        at_most: stop when there are more entries than this, for a caller who only asks whether.
    """
    found = Snapshot()
    seen: set[tuple[int, int]] = set()
    todo = [("", 0)]
    while todo:
        folder, depth = todo.pop()
        for name, status in _entries(root / folder):
            path = f"{folder}/{name}" if folder else name
            found.entries[path] = _stamp(status)
            if status.st_nlink < 2 or (status.st_dev, status.st_ino) not in seen:
                found.disk_bytes += status.st_blocks * 512
                seen.add((status.st_dev, status.st_ino))
            if stat.S_ISDIR(status.st_mode) and depth < TOO_DEEP:
                todo.append((path, depth + 1))
            elif stat.S_ISDIR(status.st_mode):
                found.too_deep = True
        if at_most is not None and len(found.entries) > at_most:
            break
    return found


def mode_of(stamp: Stamp) -> int:
    """The `st_mode` in a stamp."""
    return stamp[0]


def size_of(stamp: Stamp) -> int:
    """The `st_size` in a stamp."""
    return stamp[1]


def printable(path: str) -> str:
    """A path as valid text: bytes that are no UTF-8 are written as escapes."""
    return path.encode("utf-8", "backslashreplace").decode()


def _entries(folder: Path) -> list[tuple[str, os.stat_result]]:
    found: list[tuple[str, os.stat_result]] = []
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # it vanished, or became something else, while code was running
        return found
    try:
        with os.scandir(handle) as entries:
            for entry in entries:
                try:
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
                except OSError:
                    continue
    except OSError:
        pass
    finally:
        os.close(handle)
    return found


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mode, status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def _is_folder(stamp: Stamp) -> bool:
    return stat.S_ISDIR(mode_of(stamp))
