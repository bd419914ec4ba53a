"""Reading and writing the lines of a log: tolerant in what is read, exact in what is written."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from team.transcript.events import EVENT_ADAPTER, Event
from team.transcript.redaction import map_texts

LOG_NAME = "transcript.jsonl"
_SURROGATES = re.compile("[\ud800-\udfff]")
_KNOWN_TYPES = frozenset(model.model_fields["type"].default for model in Event.__subclasses__())


@dataclass(frozen=True)
class LogContent:
    """What can be read of a log: its events in order, and in words what could not be read."""

    events: tuple[Event, ...]
    damage: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    number: int
    data: dict[str, Any]


def encode(data: dict[str, Any]) -> bytes:
    """One event as the bytes of its line, without the newline."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(line: bytes) -> str:
    """The digest by which the next line names this one: SHA-256 of the bytes without the newline."""
    return hashlib.sha256(line).hexdigest()


def storable(data: dict[str, Any]) -> dict[str, Any]:
    """The same JSON object with lone surrogates, which UTF-8 cannot hold, replaced by U+FFFD."""
    cleaned: dict[str, Any] = map_texts(data, lambda text: _SURROGATES.sub("\ufffd", text))
    return cleaned


def parse_object(line: bytes) -> dict[str, Any] | None:
    """The JSON object on a line, or None when there is none."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def read_log(path: Path) -> LogContent:
    """Read a log as far as it can be read.

    Lines that are torn, garbage, of another session or out of order are left out and named in `damage`.
    Unknown event types come back as a plain `Event`; unknown fields are ignored.

    Raises:
        OSError: the file itself cannot be read.
    """
    damage: list[tuple[int, str]] = []
    lines = _own_lines(_objects(path.read_bytes(), damage), damage)
    lines = _rising_lines(lines, damage)
    events = [event for line in lines if (event := _event(line, damage)) is not None]
    return LogContent(tuple(events), tuple(f"line {number}: {what}" for number, what in sorted(damage)))


def _objects(content: bytes, damage: list[tuple[int, str]]) -> list[_Line]:
    *whole, tail = content.split(b"\n")
    found = []
    for number, line in enumerate([*whole, tail], start=1):
        if not line.strip():
            continue
        data = parse_object(line)
        if data is None:
            torn = number == len(whole) + 1
            damage.append((number, "torn off while it was written" if torn else "not a JSON object"))
        elif not isinstance(data.get("type"), str) or type(data.get("seq")) is not int:
            damage.append((number, "not an event: no type or no sequence number"))
        else:
            found.append(_Line(number, data))
    return found


def _own_lines(lines: list[_Line], damage: list[tuple[int, str]]) -> list[_Line]:
    names = Counter(str(line.data.get("session")) for line in lines)
    own = names.most_common(1)[0][0] if names else ""
    kept = []
    for line in lines:
        if (name := str(line.data.get("session"))) == own:
            kept.append(line)
        else:
            damage.append((line.number, f"belongs to another session, {name[:80]!r}"))
    return kept


def _rising_lines(lines: list[_Line], damage: list[tuple[int, str]]) -> list[_Line]:
    """The longest run of lines whose numbers rise (patience sorting): a stray number costs one line."""
    tops: list[int] = []
    top_index: list[int] = []
    before: list[int] = []
    for index, line in enumerate(lines):
        pile = bisect_left(tops, line.data["seq"])
        tops[pile : pile + 1] = [line.data["seq"]]
        top_index[pile : pile + 1] = [index]
        before.append(top_index[pile - 1] if pile else -1)
    kept: set[int] = set()
    at = top_index[-1] if top_index else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    expected = 0
    for index, line in enumerate(lines):
        seq = line.data["seq"]
        if index not in kept:
            damage.append((line.number, f"out of order, number {seq}"))
            continue
        if seq > expected:
            damage.append((line.number, f"{seq - expected} event(s) before it are missing"))
        expected = seq + 1
    return [line for index, line in enumerate(lines) if index in kept]


def _event(line: _Line, damage: list[tuple[int, str]]) -> Event | None:
    try:
        if line.data["type"] in _KNOWN_TYPES:
            return EVENT_ADAPTER.validate_python(line.data)
        return Event.model_validate(line.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        damage.append((line.number, f"not a {line.data['type'][:40]!r} event: {where}: {first['msg']}"))
        return None
