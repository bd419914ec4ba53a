"""Claims on folders of the cache: what somebody uses is not cleared away meanwhile."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_claimed: dict[Path, int] = {}
_lock = threading.Lock()


def claim(folder: Path) -> None:
    """Hold a folder, which need not exist yet, until this process ends; note that it was used now.

    Where the cache cannot be written, nothing is held: it cannot be cleared away from here, either.
    """
    file = used_file(folder)
    with _lock, suppress(OSError):
        if folder not in _claimed:
            file.parent.mkdir(parents=True, exist_ok=True)
            _claimed[folder] = _locked(file, fcntl.LOCK_SH)
        os.utime(_claimed[folder])


def is_claimed(folder: Path) -> bool:
    """Whether somebody holds a folder now."""
    try:
        handle = os.open(used_file(folder), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def unclaimed(folder: Path) -> Iterator[bool]:
    """Whether nobody holds a folder; while the context lasts, whoever wants to has to wait."""
    try:
        handle = _locked(used_file(folder), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        os.close(handle)


def last_use(folder: Path) -> float:
    """When a folder was last claimed, in seconds since the epoch; else when it was made."""
    for file in (used_file(folder), folder):
        with suppress(OSError):
            return file.stat().st_mtime
    return 0.0


def used_file(folder: Path) -> Path:
    """The file whose lock is the claim, and whose time is that of the last use."""
    return folder.with_name(f"{folder.name}.used")


def _locked(file: Path, how: int) -> int:
    """A descriptor that holds the lock of the file that is at this path, and not of one that was removed."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, how)
            if os.fstat(handle).st_nlink:
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
