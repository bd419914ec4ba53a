"""Copies of the judged tree: what is judged cannot change meanwhile, and judging changes nothing.

Only plain files are copied; a link or a device that was planted in a file's place is left out.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def copy_files(root: Path, paths: Iterable[str], to: Path) -> None:
    """Copy plain files, with a modification time that only depends on their content.

    mypy's cache takes a module of the same path, size and whole second for unchanged; with these
    times that is so exactly when the content is the same, and not when somebody set the clock.
    """
    for path in paths:
        content = read_plain(root / path)
        if content is None:
            continue
        place = to / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        moment = int.from_bytes(hashlib.sha256(content).digest()[:4], "big") // 2
        os.utime(place, (moment, moment))


def copy_tree(root: Path, paths: Iterable[str], to: Path) -> None:
    """Copy plain files as they are."""
    for path in paths:
        content = read_plain(root / path)
        if content is None:
            continue
        place = to / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o700 if os.access(root / path, os.X_OK) else 0o600)


def changed_files(root: Path, paths: Iterable[str], copy: Path) -> list[str]:
    """Those of the given files whose copy no longer has the same content."""
    return [path for path in paths if read_plain(root / path) != read_plain(copy / path)]


def read_plain(path: Path) -> bytes | None:
    """The content of a plain file; None when something else is there by now."""
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read() if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
