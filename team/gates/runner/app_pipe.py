"""The pipe between the caller of a web application and the process that the application lives in.

Each message is its length, then JSON. What comes back is data from hostile code.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import signal
import struct
import threading
import time
from typing import Any

SLOWEST_ANSWER = 20.0
LARGEST = 8 * 2**20
"""Bytes of one message, at the most."""


class Lost(Exception):
    """The application answers no more."""


class Application:
    """The far side of the pipe. Safe to use from several threads."""

    def __init__(self, process: int, reading: int, writing: int) -> None:
        self._process = process
        self._reading = reading
        self._writing = writing
        self._lock = threading.Lock()
        self._lost = ""

    def ask(self, question: dict[str, Any], seconds: float = SLOWEST_ANSWER) -> dict[str, Any]:
        """Send one question and wait for its answer; raises `Lost`."""
        with self._lock:
            if self._lost:
                raise Lost(self._lost)
            try:
                send_frame(self._writing, question)
                return self._answer(seconds)
            except (OSError, ValueError) as error:
                self._lost = f"its process is gone or disturbed: {error}"
            except Lost as lost:
                self._lost = str(lost)
            self.close()
            raise Lost(self._lost)

    def _answer(self, seconds: float) -> dict[str, Any]:
        end = time.monotonic() + seconds
        (size,) = struct.unpack("!I", self._take(4, end))
        if size > LARGEST:
            raise Lost("its answer is too large")
        answer = json.loads(self._take(size, end))
        if not isinstance(answer, dict):
            raise Lost("its answer makes no sense")
        return answer

    def _take(self, size: int, end: float) -> bytes:
        parts = b""
        while len(parts) < size:
            if not select.select([self._reading], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Lost("it did not answer in time")
            part = os.read(self._reading, min(size - len(parts), 65536))
            if not part:
                raise Lost("its process ended")
            parts += part
        return parts

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            os.kill(self._process, signal.SIGKILL)


def send_frame(descriptor: int, value: Any) -> None:
    """Write one message: its length, then JSON."""
    text = json.dumps(value).encode()
    text = struct.pack("!I", len(text)) + text
    while text:
        text = text[os.write(descriptor, text) :]


def request(
    method: str, path: str, query: str, body: bytes, kind: str | None, headers: list[list[str]] | None = None
) -> dict[str, Any]:
    """A request as it goes over the pipe; `path` is quoted."""
    given = [["host", "testserver"], ["accept", "*/*"]] if headers is None else headers
    if kind:
        given = [*given, ["content-type", kind]]
    if body or kind:
        given = [*given, ["content-length", str(len(body))]]
    return {
        "method": method,
        "path": path,
        "query": query,
        "headers": given,
        "body": base64.b64encode(body).decode(),
    }
