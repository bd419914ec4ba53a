"""Forks of a run: waited for, ended when their time is over, and their traces in the workspace removed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

POLL = 0.002


class Tree:
    """The workspace as it was at the start: what one variant leaves behind must not meet the next."""

    def __init__(self) -> None:
        self._content = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        self._marks = {path: _mark(path) for path in self._content}

    def text(self, path: str) -> str | None:
        """What a file held at the start; None when there was none, or no text."""
        content = self._content.get(Path(path))
        try:
            return None if content is None else content.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def restore(self) -> None:
        """Remove what is new and put back what is changed or gone."""
        for path in [path for path in Path().rglob("*") if path.is_symlink() or path.is_file()]:
            if path not in self._content or path.is_symlink():
                path.unlink()
        for path, content in self._content.items():
            if not path.is_file() or _mark(path) != self._marks[path]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                self._marks[path] = _mark(path)


def in_fork(run: Callable[[], None], seconds: float) -> str:
    """Call `run` in a fork, in a process group of its own, and say how that ended, as `awaited` does."""
    leave = os._exit
    child = os.fork()
    if child:
        return awaited(child, seconds)
    try:
        os.setsid()
        run()
        leave(0)
    except BaseException:  # noqa: BLE001 - whatever it was, this process ends here
        leave(1)


def awaited(child: int, seconds: float) -> str:
    """How a child ended: ``ended``, ``limit`` or ``crashed``.

    When its time is over it is killed; what else is left of its process group is killed in any case.
    """
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            with contextlib.suppress(OSError):
                os.killpg(child, signal.SIGKILL)
            return "ended" if os.waitstatus_to_exitcode(status) == 0 else "crashed"
        if time.monotonic() > end:
            with contextlib.suppress(OSError):
                os.killpg(child, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "limit"
        time.sleep(POLL)


def _mark(path: Path) -> tuple[int, int]:
    """What changes when a file is written."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size
