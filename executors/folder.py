"""A workspace as the host may touch it: every step relative to an open folder, no link ever followed.

Whatever the code that ran in the workspace has planted there (links, FIFOs, sockets, folders in place of
files), reading and writing through this class stays inside or says why not.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from executors.paths import folded

LARGEST_FILE = 2_000_000
"""Bytes of one file that is read or written here."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_PART = re.compile(r"\.[0-9a-f]{16}\.part")

# What a path can do to us. Everything else (no space, input/output error, the root gone) is the machine's.
_IN_THE_WAY = {
    errno.ELOOP: "is a link",
    errno.ENOTDIR: "is a link or no folder",
    errno.EISDIR: "is a folder",
    errno.EACCES: "may not be entered or written",
    errno.EPERM: "may not be changed",
    errno.ENAMETOOLONG: "has too long a name",
    errno.EINVAL: "has a name that this system refuses",
    errno.EILSEQ: "has a name that this system refuses",
    errno.ENXIO: "is not a plain file",
}


class InTheWay(Exception):
    """Something in the workspace keeps a path from being read or written; says what, in words."""


class Folder:
    """An open workspace. Paths must have come through `executors.paths.safe_path`. Close it after use.

    Raises:
        OSError: on opening, when the root is no folder; later, when the disk is full or fails.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._spellings: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._root)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None when there is none.

        Raises:
            InTheWay: it is no plain file of its own (link, hard link, folder, FIFO, device), or too large.
        """
        *parents, name = path.split("/")
        with _explaining(path):
            try:
                with self._opened(parents, create=False) as folder:
                    return _read(folder, name)
            except FileNotFoundError:
                return None

    def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """Put a new file in the place of whatever plain file is there, all at once; make its folders.

        Raises:
            InTheWay: a link, a folder or anything else that is no plain file stands there, or a name
                that differs only in case.
            OSError: the disk is full or fails; the old file is still whole.
        """
        *parents, name = path.split("/")
        with _explaining(path):
            self._check_spelling(path)
            with self._opened(parents, create=True) as folder:
                _check_replaceable(folder, name)
                _replace(folder, name, content, 0o755 if executable else 0o644)
        self._remember(path)

    def remove(self, path: str) -> None:
        """Take a plain file away, and the folders above it that are empty then; nothing there is fine.

        Raises:
            InTheWay: something that is no plain file stands there.
        """
        *parents, name = path.split("/")
        with _explaining(path), suppress(FileNotFoundError):
            with self._opened(parents, create=False) as folder:
                _check_replaceable(folder, name)
                os.unlink(name, dir_fd=folder)
            with suppress(OSError):  # not empty
                while parents:
                    *parents, name = parents
                    with self._opened(parents, create=False) as folder:
                        os.rmdir(name, dir_fd=folder)
        self._spellings.clear()

    def sweep(self, path: str) -> None:
        """Take away what a writer left beside a file that was killed while it wrote."""
        with suppress(OSError), self._opened(path.split("/")[:-1], create=False) as folder:
            for entry in os.scandir(folder):
                if _PART.fullmatch(entry.name):
                    os.unlink(entry.name, dir_fd=folder)

    @contextmanager
    def _opened(self, parents: list[str], *, create: bool) -> Iterator[int]:
        """Walk down from the root, one folder at a time."""
        folder = os.dup(self._root)
        try:
            for name in parents:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(name, 0o755, dir_fd=folder)
                below = os.open(name, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            yield folder
        finally:
            os.close(folder)

    def _check_spelling(self, path: str) -> None:
        """Refuse a name that is there already in other letters: on some systems they are one file."""
        above = ""
        for name in path.split("/"):
            there = self._names(above).get(folded(name), name)
            if there != name:
                raise InTheWay(
                    f"{above}{there} is there already and differs only in letter case: use that spelling"
                )
            above += name + "/"

    def _names(self, above: str) -> dict[str, str]:
        """Return the names in a folder by their folded form. Each folder is listed once."""
        if above not in self._spellings:
            self._spellings[above] = self._listed(above)
        return self._spellings[above]

    def _listed(self, above: str) -> dict[str, str]:
        try:
            with self._opened(above.split("/")[:-1], create=False) as folder:
                return {folded(entry.name): entry.name for entry in os.scandir(folder)}
        except FileNotFoundError:
            return {}

    def _remember(self, path: str) -> None:
        above = ""
        for name in path.split("/"):
            self._names(above)[folded(name)] = name
            above += name + "/"


@contextmanager
def _explaining(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _IN_THE_WAY:
            raise
        raise InTheWay(f"{path} or a folder above it {_IN_THE_WAY[error.errno]}") from error


def _read(folder: int, name: str) -> bytes:
    file = os.open(name, _READ, dir_fd=folder)
    with os.fdopen(file, "rb") as stream:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise InTheWay(f"{name} is not a plain file")
        if found.st_nlink > 1:
            raise InTheWay(f"{name} is a hard link: write the whole file to replace it")
        content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise InTheWay(f"{name} is larger than {LARGEST_FILE:,} bytes")
    return content


def _check_replaceable(folder: int, name: str) -> None:
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise InTheWay(f"{name} is a folder")
    if stat.S_ISLNK(mode):
        raise InTheWay(f"{name} is a link")
    if not stat.S_ISREG(mode):
        raise InTheWay(f"{name} is not a plain file")


def _replace(folder: int, name: str, content: bytes, mode: int) -> None:
    """Write beside and rename: readers see the old file or the new one, and links to the old keep it."""
    beside = f".{secrets.token_hex(8)}.part"  # as in _PART
    file = os.open(beside, _CREATE, 0o600, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            os.fchmod(file, mode)
        os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside, dir_fd=folder)
        raise
