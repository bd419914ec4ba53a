"""Folders of ours among the temporary ones, and what becomes of those that a killed process left there.

Whoever makes one holds a lock on it, which the kernel lets go of however that process ends.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

KINDS = ("cache", "check", "gates", "image", "run", "selftest", "tests", "tidy", "warm")
"""What they are for; only folders with one of these in their names are ever taken for ours."""
_FRESH_SECONDS = 60
"""So long a folder may be there without its lock: it is made first, and locked then."""
_TIDY = 'chmod -R u+rwX -- "$0"; exec rm -rf -- "$0"'
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class ScratchFolder:
    """A new, empty folder, removed with all that is in it at the end of a `with`, or by `remove`."""

    def __init__(self, kind: str) -> None:
        """Make it.

        Args:
            kind: what it is for, one of `KINDS`, and perhaps more behind a hyphen.
        """
        if kind.partition("-")[0] not in KINDS:
            raise ValueError(f"{kind!r} is no kind of temporary folder")
        self.path = Path(tempfile.mkdtemp(prefix=f"devteam-{kind}-")).resolve()
        self._lock: int | None = os.open(self.path, _FOLDER)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove it, as far as that can be done; safe to call twice."""
        _clear_away(self.path)
        self.let_go()

    def let_go(self) -> None:
        """Leave it to somebody else to remove it; safe to call twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


@functools.cache
def remove_leftovers() -> tuple[str, ...]:
    """Remove, once in a process, what killed processes of this user left; the names of the folders."""
    return tuple(path.name for path in _ours(Path(tempfile.gettempdir())) if _remove_if_left(path))


def _ours(place: Path) -> Iterator[Path]:
    with suppress(OSError):
        for path in sorted(place.iterdir()):
            name = path.name.split("-")
            if len(name) > 2 and name[0] == "devteam" and name[1] in KINDS:
                yield path


def _remove_if_left(path: Path) -> bool:
    """Remove a folder that nobody holds; false when somebody does, or it may be no folder of ours."""
    try:
        lock = os.open(path, _FOLDER)
    except OSError:
        return False
    try:
        found = os.fstat(lock)
        if found.st_uid != os.geteuid() or time.time() - found.st_mtime < _FRESH_SECONDS:
            return False
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _clear_away(path)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _clear_away(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):  # closed to its owner, or nested too deep
        subprocess.run(["sh", "-c", _TIDY, path], capture_output=True, check=False)
