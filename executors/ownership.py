"""Lends a workspace to the user that code runs as, when this program runs as root.

Root's files could not be written by that user, and what that user makes would not be root's.
Links are never followed, and a file with a second name is left as it is: that one may lie elsewhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from executors.errors import SandboxUnavailable

SANDBOX_USER = 65531
_MAPS = ("/proc/self/uid_map", "/proc/self/gid_map")

_User = tuple[int, int]


def user_of_code() -> _User:
    """The user and group that code runs as: our own, or an ordinary one that is nobody else's for root."""
    if os.geteuid() == 0:
        return SANDBOX_USER, SANDBOX_USER
    return os.geteuid(), os.getegid()


def require_lending(root: Path) -> None:
    """Make sure that code in a container could write this workspace, and that its files would come back.

    Raises:
        SandboxUnavailable: users have other numbers here than for the daemon, or the folder cannot be lent.
    """
    for table, number in zip(_MAPS, user_of_code(), strict=True):
        if not _is_the_same_outside(Path(table), number):
            raise SandboxUnavailable(
                "users are mapped here: code in a container could not write the workspace",
                "run outside of this user namespace, or use `--executor local`",
            )
    if os.geteuid() != 0:
        return
    owner = root.stat()
    try:
        os.chown(root, SANDBOX_USER, SANDBOX_USER)
        os.chown(root, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise SandboxUnavailable(
            f"the workspace cannot be lent to an ordinary user ({error.strerror})",
            "use a folder on a local disk, or `--executor local`, or do not run as root",
        ) from error


def _is_the_same_outside(table: Path, number: int) -> bool:
    """Whether a user or group has this number outside of our user namespace, too."""
    if not table.exists():  # no Linux, no user namespaces
        return True
    for line in table.read_text().splitlines():
        inside, outside, count = map(int, line.split())
        if inside <= number < inside + count:
            return inside == outside
    return False


@contextmanager
def lent(root: Path) -> Iterator[None]:
    """Let the code's user own the workspace meanwhile; afterwards, all is owned as before, new things by us.

    Nothing may run in the workspace when this begins and ends. What cannot be lent, such as a file that is
    immutable, stays as it is.
    """
    if os.geteuid() != 0:
        yield
        return
    owners: dict[int, _User] = {}
    try:
        for inode, owner, handle, name in _entries(root):
            if owner[0] != SANDBOX_USER and _give(handle, name, (SANDBOX_USER, SANDBOX_USER)):
                owners[inode] = owner
        yield
    finally:
        ours = (os.geteuid(), os.getegid())
        for inode, owner, handle, name in _entries(root):
            if owner[0] == SANDBOX_USER:
                _give(handle, name, owners.get(inode, ours), also_linked=True)


def _entries(root: Path) -> Iterator[tuple[int, _User, int, str]]:
    """Every entry with the folder itself: inode, owner, the folder's descriptor and the name in it."""
    for _, folders, files, handle in os.fwalk(root, follow_symlinks=False):
        links = [name for name in folders if _is_link(handle, name)]
        for name in (".", *links, *files):
            with suppress(FileNotFoundError):
                status = os.stat(name, dir_fd=handle, follow_symlinks=False)
                yield status.st_ino, (status.st_uid, status.st_gid), handle, name


def _give(folder: int, name: str, owner: _User, *, also_linked: bool = False) -> bool:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and not also_linked:
        return False
    try:
        os.chown(name, *owner, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _is_link(folder: int, name: str) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
