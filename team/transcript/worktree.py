"""Reading and cleaning a folder that hostile code has written: links are never followed."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from team.errors import DiskTrouble

LARGEST_FILE = 50 * 1024 * 1024
"""Files of more bytes are left out of the history."""

_CACHES = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Entry:
    """A file or a link in the tree: `mode` is git's, `path` is relative, POSIX, as the file system has it."""

    path: bytes
    mode: bytes
    content: bytes


def entries(root: Path, left_out: list[bytes]) -> Iterator[Entry]:
    """The files and links under `root`, in the order of their paths; what cannot be kept goes to `left_out`.

    Caches and `.git` are passed over in silence; FIFOs, sockets, devices, unreadable and very large files are
    left out and named.
    """
    for path in sorted(_paths(root, left_out), key=lambda path: os.fsencode(path.relative_to(root))):
        name = os.fsencode(path.relative_to(root).as_posix())
        entry = _entry(path, name)
        if entry is None:
            left_out.append(name)
        else:
            yield entry


def _paths(root: Path, left_out: list[bytes]) -> list[Path]:
    found: list[Path] = []
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listing:
                inside = [(folder / item.name, item.is_dir(follow_symlinks=False)) for item in listing]
        except OSError:
            left_out.append(os.fsencode(folder.relative_to(root).as_posix()))
            continue
        for path, is_folder in inside:
            if path.name in _CACHES or path.name.lower() == ".git" or path.name.endswith(".pyc"):
                continue
            (folders if is_folder else found).append(path)
    return found


def _entry(path: Path, name: bytes) -> Entry | None:
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return Entry(name, b"120000", os.fsencode(path.readlink()))
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            return None
        # Opened without following and without waiting: the name may have become something else since.
        with os.fdopen(os.open(path, _READ), "rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError:
        return None
    if len(content) > LARGEST_FILE:
        return None
    return Entry(name, b"100755" if status.st_mode & stat.S_IXUSR else b"100644", content)


def make_exactly(root: Path, wanted: list[Entry], name: str) -> None:
    """Make `root` hold the wanted files and links and nothing else; a `.git` at its top is left alone.

    Args:
        root: the folder, which is made when it is missing.
        wanted: what it is to hold.
        name: which state of the files that is, for an error.

    Raises:
        DiskTrouble: the folder cannot be written.
    """
    try:
        _make(root, wanted)
    except OSError as error:
        raise DiskTrouble(f"the files of {name} cannot be restored: {error}") from error


def text_of_path(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 are escaped."""
    return path.decode(errors="backslashreplace")


def _make(root: Path, wanted: list[Entry]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    _purge(root, {root / os.fsdecode(entry.path): entry for entry in wanted})
    # Nothing but wanted folders and equal files is left, so no link can lead a write outside.
    for entry in wanted:
        path = root / os.fsdecode(entry.path)
        if not os.path.lexists(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, entry)


def _purge(root: Path, wanted: dict[Path, Entry]) -> None:
    parents = {root / folder for path in wanted for folder in PurePosixPath(path).relative_to(root).parents}
    folders = [root]
    while folders:
        folder = folders.pop()
        folder.chmod(0o755)
        for path in list(folder.iterdir()):
            if path == root / ".git":
                continue
            if path.is_symlink() or not path.is_dir():
                if not _holds(path, wanted.get(path)):
                    path.unlink()
            elif path in parents:
                folders.append(path)
            else:
                _remove_folder(path)


def _holds(path: Path, entry: Entry | None) -> bool:
    # A second name of the same file could lie outside, so such a file is always written anew.
    return entry is not None and path.lstat().st_nlink == 1 and _entry(path, entry.path) == entry


def _remove_folder(path: Path) -> None:
    # The system's own tools: they survive depths at which Python's recursion and long paths give up.
    subprocess.run(["chmod", "-R", "u+rwx", "--", path], check=False, capture_output=True)
    subprocess.run(["rm", "-rf", "--", path], check=False, capture_output=True)
    if os.path.lexists(path):
        raise OSError(f"cannot remove {path}")


def _write(path: Path, entry: Entry) -> None:
    if entry.mode == b"120000":
        path.symlink_to(os.fsdecode(entry.content))
        return
    mode = 0o755 if entry.mode == b"100755" else 0o644
    with os.fdopen(os.open(path, _WRITE, mode), "wb") as stream:
        stream.write(entry.content)
