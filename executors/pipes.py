"""Pipes and input for a program that is about to be started."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

_SEALS = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class Standard(NamedTuple):
    """The descriptors that a program gets as its standard ones."""

    stdin: int
    stdout: int
    stderr: int


class Pipe:
    """A pipe whose reading end is ours and does not block; each end is closed once."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)

    def close_writing(self) -> None:
        """Let go of the writing end, once the program has its own."""
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_writing()
        with suppress(OSError):
            os.close(self.reading)


@contextmanager
def input_from(data: bytes) -> Iterator[int]:
    """A descriptor from which a program reads these bytes; without bytes, the end at once."""
    if data:
        # In memory, not in a pipe: nobody has to feed it while the program runs.
        handle = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.lseek(handle, 0, os.SEEK_SET)
        fcntl.fcntl(handle, fcntl.F_ADD_SEALS, _SEALS)  # else the program could keep things in it
    else:
        handle = os.open(os.devnull, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)
