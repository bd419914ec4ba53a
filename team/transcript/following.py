"""Reading a log while it is written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from team.transcript.events import Event
from team.transcript.jsonlines import LOG_NAME, parse_object
from team.transcript.lock import is_busy
from team.transcript.outline import Damage, Unreadable, parse_event

PAUSE = 0.1
"""Seconds between two looks at a log that has not grown."""


def follow(folder: Path, *, pause: float = PAUSE) -> Iterator[Event | Damage]:
    """The events of a session as they are written, from the first; ends when nobody works on it any more.

    Raises:
        OSError: the log cannot be read.
    """
    with (folder / LOG_NAME).open("rb") as file:
        number, begun = 0, b""
        while True:
            busy = is_busy(folder)  # asked before reading: what is written by then is read below
            for piece in file:
                begun += piece
                if not begun.endswith(b"\n"):
                    break
                number += 1
                if begun.strip():
                    yield _read(number, begun)
                begun = b""
            if not busy:
                break
            time.sleep(pause)
        if begun.strip():
            yield _read(number + 1, begun)


def _read(number: int, line: bytes) -> Event | Damage:
    data = parse_object(line)
    if data is None:
        torn = not line.endswith(b"\n")
        return Damage(number, "torn off while it was written" if torn else "not a JSON object")
    if not isinstance(data.get("type"), str):
        return Damage(number, "not an event: no type")
    try:
        return parse_event(line, data["type"])
    except Unreadable as problem:
        return Damage(number, str(problem))
