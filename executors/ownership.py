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

SANDBOX_USER = 65531

_User = tuple[int, int]


def user_of_code() -> _User:
    """The user and group that code runs as: our own, or an ordinary one that is nobody else's for root."""
    if os.geteuid() == 0:
        return SANDBOX_USER, SANDBOX_USER
    return os.geteuid(), os.getegid()


@contextmanager
def lent(root: Path) -> Iterator[None]:
    """Let the code's user own the workspace meanwhile; afterwards, all is owned as before, new things by us.

    Nothing may run in the workspace when this begins and ends.
    """
    if os.geteuid() != 0:
        yield
        return
    owners = {
        inode: owner
        for inode, owner, handle, name in _entries(root)
        if owner[0] != SANDBOX_USER and _give(handle, name, (SANDBOX_USER, SANDBOX_USER))
    }
    try:
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
    os.chown(name, *owner, dir_fd=folder, follow_symlinks=False)
    return True


def _is_link(folder: int, name: str) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
