"""The channel of a test run to the judge, and how places and errors are told on it."""

from __future__ import annotations

import faulthandler
import json
import os
import threading
import traceback
from typing import Any

TEXT_LINES = 40
TEXT_CHARACTERS = 6000


class Report:
    """The channel to the judge: writes whole lines, marked with what only the judge told us."""

    def __init__(self, descriptor: int, nonce: str) -> None:
        self._descriptor = descriptor
        self._nonce = nonce
        self._lock = threading.Lock()
        # Taken before the workspace is imported, which may put something else in their places.
        self._encode = json.JSONEncoder().encode
        self._write = os.write

    def say(self, kind: str, **fields: Any) -> None:
        """Write one step, whole."""
        line = f"\n{self._nonce} {self._encode({'kind': kind, **fields})}\n".encode()
        with self._lock:
            while line:
                line = line[self._write(self._descriptor, line) :]

    def show_stack_after(self, seconds: float) -> None:
        """Write every thread's stack to the channel when the run is that old: a hint, not a frame."""
        faulthandler.dump_traceback_later(seconds, file=self._descriptor)


class Place:
    """Finds the workspace's lines in tracebacks."""

    def __init__(self, root: str) -> None:
        self._root = root + os.sep

    def relative(self, path: str) -> str | None:
        """The POSIX path of a file in the workspace, else None."""
        if path.startswith("<"):
            return None
        path = os.path.abspath(path)  # noqa: PTH100 - links must stay as they are named
        return path.removeprefix(self._root) if path.startswith(self._root) else None

    def lines(self, frames: Any) -> list[tuple[str, int]]:
        """The (file, line) of every workspace frame, outermost first; frames as `traceback` walks them."""
        found = [(self.relative(frame.f_code.co_filename), line) for frame, line in frames]
        return [(path, line) for path, line in found if path]

    def of(self, error: BaseException) -> list[tuple[str, int]]:
        """The workspace's lines that an exception passed, where it was raised last."""
        return self.lines(traceback.walk_tb(error.__traceback__))


def described(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}"[:500]


def trimmed(text: str) -> str:
    """Head and tail of a long failure text."""
    lines = text[-TEXT_CHARACTERS:].splitlines()
    if len(lines) > TEXT_LINES:
        left_out = len(lines) - TEXT_LINES
        lines = [*lines[:10], f"… {left_out} lines left out …", *lines[10 - TEXT_LINES :]]
    return "\n".join(lines)
