"""What is kept in the cache folder, how large it is and when it was used; clearing away what nobody needs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from executors.cache import cache_dir
from executors.claims import is_claimed, last_use, unclaimed, used_file
from executors.environments import described, lock_file

ABOUT = "about.txt"
"""A file that says in one line what a folder holds."""
UNFINISHED = "not finished"
_KINDS = {
    "environments": "environment",
    "images": "packages of an image",
    "mypy": "mypy's cache",
    "hypothesis": "hypothesis's tables",
}
_DAY = 24 * 3600


@dataclass(frozen=True)
class Kept:
    """One folder of the cache."""

    kind: str
    folder: Path
    holds: str
    size: int
    """Bytes."""
    used: float
    """When it was last used, in seconds since the epoch."""
    in_use: bool

    @property
    def idle_days(self) -> float:
        """For how many days it has not been used."""
        return max(0.0, time.time() - self.used) / _DAY


def kept() -> list[Kept]:
    """All that is kept, by kind, the last used first."""
    found = [_looked_at(kind, folder) for kind, folder in _folders()]
    return sorted(found, key=lambda each: (list(_KINDS.values()).index(each.kind), -each.used))


def prune(idle_days: float, keep: Collection[Path] = ()) -> list[Kept]:
    """Clear away what was not used for so many days, and what never was finished; what is in use stays.

    Args:
        idle_days: 0 for all that nobody uses now.
        keep: folders that stay in any case.

    Returns:
        What was cleared away.
    """
    gone = []
    for each in kept():
        if each.folder in keep or (each.idle_days < idle_days and each.holds != UNFINISHED):
            continue
        with unclaimed(each.folder) as free:
            if free and _cleared(each.folder):
                gone.append(each)
    return gone


def _folders() -> Iterator[tuple[str, Path]]:
    for name, kind in _KINDS.items():
        with suppress(OSError), os.scandir(cache_dir() / name) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield kind, Path(entry.path)


def _looked_at(kind: str, folder: Path) -> Kept:
    return Kept(kind, folder, _holds(kind, folder), size_of(folder), last_use(folder), is_claimed(folder))


def _holds(kind: str, folder: Path) -> str:
    if folder.name.startswith("."):
        return UNFINISHED
    if kind == _KINDS["environments"]:
        return described(folder) or UNFINISHED
    with suppress(OSError):
        return (folder / ABOUT).read_text(encoding="utf-8").strip()
    return "unknown"


def _cleared(folder: Path) -> bool:
    """Remove a folder with its lock files; first out of its place, so that no half of it is ever used."""
    doomed = folder.with_name(f".going-{folder.name.lstrip('.')}-{os.getpid()}")
    try:
        folder.rename(doomed)
    except OSError:
        return False
    shutil.rmtree(doomed, ignore_errors=True)
    for file in (lock_file(folder), used_file(folder)):
        file.unlink(missing_ok=True)
    return True


def size_of(folder: Path) -> int:
    """Bytes of the files, without following links."""
    size = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                size += size_of(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_size
    return size
