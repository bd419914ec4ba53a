"""The line to the server in a container: what is sent and what comes back.

Docker packs stdout and stderr of the server into records of its own (a byte for the stream, three of zeros,
four of length). In what came on stdout are the server's frames, see `inside`.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import NamedTuple

_CHUNK = 256 * 1024
_RECORD = struct.Struct(">BxxxI")
_FRAME = struct.Struct(">cI")
_STDOUT = 1
_SEND_SECONDS = 20.0
_LONGEST = 1024 * 1024
_COMPLAINT_BYTES = 4096


class Frame(NamedTuple):
    """One piece from the server."""

    kind: str
    content: bytes


class Frames:
    """Sends and takes, without ever waiting longer than asked."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._line.settimeout(_SEND_SECONDS)
        self._raw = bytearray()
        self._said = bytearray()
        self._complaint = bytearray()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the server has hung up."""
        return self._ended

    def send(self, data: bytes) -> None:
        """Send to the server.

        Raises:
            OSError: nobody takes it.
        """
        self._line.sendall(data)

    def take(self, seconds: float) -> Iterator[Frame]:
        """What comes within this time, at its first sign."""
        if self._ended or not select.select([self._line], [], [], max(0.0, seconds))[0]:
            return
        try:
            data = self._line.recv(_CHUNK)
        except OSError:
            data = b""
        self._ended = not data
        self._raw += data
        self._unpack()
        yield from self._frames()

    def wait_for(self, kind: str, seconds: float) -> bytes | None:
        """The content of the first frame of a kind; None when it does not come."""
        deadline = time.monotonic() + seconds
        while not self._ended and (left := deadline - time.monotonic()) > 0:
            for frame in self.take(left):
                if frame.kind == kind:
                    return frame.content
        return None

    def complaint(self) -> str:
        """The last thing that the server said outside of its frames, such as an error."""
        lines = self._complaint.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "it says nothing"

    def _unpack(self) -> None:
        """Move what is whole from Docker's records to the two streams."""
        place = 0
        while len(self._raw) - place >= _RECORD.size:
            stream, length = _RECORD.unpack_from(self._raw, place)
            end = place + _RECORD.size + length
            if end > len(self._raw):
                break
            into = self._said if stream == _STDOUT else self._complaint
            into += self._raw[place + _RECORD.size : end]
            place = end
        del self._raw[:place]
        del self._complaint[:-_COMPLAINT_BYTES]

    def _frames(self) -> Iterator[Frame]:
        place = 0
        while len(self._said) - place >= _FRAME.size:
            kind, length = _FRAME.unpack_from(self._said, place)
            end = place + _FRAME.size + length
            if length > _LONGEST:  # not from our server as we sent it in
                self._ended = True
                break
            if end > len(self._said):
                break
            yield Frame(kind.decode("latin-1"), bytes(self._said[place + _FRAME.size : end]))
            place = end
        del self._said[:place]
