"""The channels between a container's server and the host."""

from __future__ import annotations

import os
import struct


class Hosts:
    """The channels to the host."""

    def __init__(self) -> None:
        self._kept = b""

    def line(self) -> str:
        """The next line; empty when the host has let go."""
        while b"\n" not in self._kept:
            if not self._more():
                return ""
        line, _, self._kept = self._kept.partition(b"\n")
        return line.decode()

    def take(self, size: int) -> bytes:
        """The next bytes."""
        while len(self._kept) < size and self._more():
            pass
        data, self._kept = self._kept[:size], self._kept[size:]
        return data

    def _more(self) -> bool:
        data = os.read(0, 1 << 16)
        self._kept += data
        return bool(data)

    def send(self, kind: bytes, content: bytes) -> None:
        """Send a frame."""
        data = memoryview(kind + struct.pack(">I", len(content)) + content)
        while data:
            data = data[os.write(1, data) :]
