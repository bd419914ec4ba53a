"""Reading a log: tolerant in what is read, with a note of what was lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path

from team.transcript.events import Event
from team.transcript.jsonlines import parse_object
from team.transcript.outline import Damage, Row, Unreadable, parse_event, read_outline

_EDGE = 65_536


@dataclass(frozen=True)
class LogContent:
    """What can be read of a log: its events in order, and in words what could not be read."""

    events: tuple[Event, ...]
    damage: tuple[str, ...]


def read_log(path: Path) -> LogContent:
    """Read a log as far as it can be read.

    Lines that are torn, garbage, of another session or out of order are left out and named in `damage`.
    Unknown event types come back as a plain `Event`; unknown fields are ignored.

    Raises:
        OSError: the file itself cannot be read.
    """
    outline = read_outline(path)
    read = list(read_rows(path, outline.rows))
    damage = sorted({*outline.damage, *(item for item in read if isinstance(item, Damage))})
    return LogContent(tuple(item for item in read if isinstance(item, Event)), tuple(map(str, damage)))


def read_rows(path: Path, rows: Iterable[Row]) -> Iterator[Event | Damage]:
    """The events on these lines, one at a time; for a line that holds none, what is wrong with it.

    Raises:
        OSError: the file itself cannot be read.
    """
    with path.open("rb") as file:
        for row in rows:
            if file.tell() != row.offset:
                file.seek(row.offset)
            try:
                yield parse_event(file.read(row.size), row.type)
            except Unreadable as problem:
                yield Damage(row.line, str(problem))


def edge_lines(path: Path) -> tuple[bytes, bytes]:
    """The first line of a log and its last one; a line of more than 64 KiB, or one that is torn, is cut.

    Raises:
        OSError: the file itself cannot be read.
    """
    with path.open("rb") as file:
        first = file.readline(_EDGE)
        file.seek(max(0, file.seek(0, SEEK_END) - _EDGE))
        end = file.read()
    return first, end[end.rfind(b"\n", 0, -1) + 1 :]


def read_line(line: bytes) -> Event | None:
    """The event on a line of which nothing is known; None where there is none."""
    data = parse_object(line)
    if data is None or not isinstance(data.get("type"), str) or not line.endswith(b"\n"):
        return None
    try:
        return parse_event(line, data["type"])
    except Unreadable:
        return None
