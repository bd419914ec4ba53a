"""The lock that lets one process at a time work on a session."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


def lock_folder(folder: Path) -> int:
    """Lock a session's folder for this process; the lock falls with the process, however that ends.

    Raises:
        SessionBusy: another process holds it.
        OSError: the folder cannot be opened or locked.
    """
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _try_lock(lock):
            return lock
    except OSError:
        os.close(lock)
        raise
    os.close(lock)
    from team.errors import SessionBusy

    raise SessionBusy(f"another process is working on the session {folder.name}", "wait for it or stop it")


def _try_lock(lock: int) -> bool:
    for pause in (0.01, 0.05, 0.0):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # A listing that looks whether the session runs holds the lock for a moment.
            time.sleep(pause)
        else:
            return True
    return False


def unlock_folder(lock: int) -> None:
    """Let go of the lock, also on behalf of a child process that inherited the descriptor."""
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def is_busy(folder: Path) -> bool:
    """Whether a process is working on the session right now."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False
