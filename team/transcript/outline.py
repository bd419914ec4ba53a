"""Where in a log which event stands, found without parsing the events themselves.

A reader goes over a log of any length with only this in memory, and parses the lines that it wants.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

from pydantic import ValidationError

from team.transcript.events import EVENT_ADAPTER, VERSION, Event
from team.transcript.jsonlines import parse_object

_HEAD = re.compile(
    rb'\{"v":(\d{1,9}),"session":"([^"\\]*)","seq":(\d{1,15}),"ts":"[^"\\]*","prev":"[^"\\]*",'
    rb'"type":"(\w+)","agent":"([^"\\]*)","iteration":(\d{1,15}),'
)
"""The beginning of a line as our log writes it; other lines are parsed whole."""

KNOWN_TYPES = frozenset(model.model_fields["type"].default for model in Event.__subclasses__())
_LONGEST_HEAD = 4096
_NEWER = "written in a newer format"
_ABSENT: dict[str, Any] = {
    **dict.fromkeys(("step", "kind", "commit", "command", "output", "reason", "message", "question"), ""),
    **{"spec": {}, "config": {}, "seconds": 0.0, "exit_code": 0},
}
"""What stands for a field that a line lacks, where its absence says nothing wrong."""


class Row(NamedTuple):
    """One event's line: its number from 1, its place in bytes, and what its beginning says."""

    line: int
    offset: int
    size: int
    session: str
    seq: int
    type: str
    agent: str
    iteration: int


class Damage(NamedTuple):
    """What could not be read of a line."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


@dataclass(frozen=True)
class Outline:
    """The lines of a log that hold its events, in order, and in words what is not among them."""

    rows: tuple[Row, ...]
    damage: tuple[Damage, ...]


class Unreadable(ValueError):
    """A line that looked like an event is none; the message says why."""


def read_outline(path: Path, start: int = 0) -> Outline:
    """Go over a log from the byte `start` on.

    Lines that are torn, garbage, of another session or out of order are left out and named in `damage`.
    Lines that begin as they should are believed: `parse_event` says whether the rest is whole, too.

    Raises:
        OSError: the file itself cannot be read.
    """
    damage: list[Damage] = []
    rows = _rising_rows(_own_rows(list(_rows(path, start, damage)), damage), damage, start)
    if not rows and not damage and start == 0:
        damage.append(Damage(1, "there is no event"))
    return Outline(tuple(rows), tuple(sorted(damage)))


def parse_event(line: bytes, type: str) -> Event:
    """The event on a line of which the outline knows the type; types of a newer version are a plain `Event`.

    Raises:
        Unreadable: it is no such event.
    """
    try:
        if type in KNOWN_TYPES:
            return EVENT_ADAPTER.validate_json(line)
        return Event.model_validate_json(line)
    except ValidationError as error:
        return _parse_with_python(line, type, error)


def _parse_with_python(line: bytes, type: str, error: ValidationError) -> Event:
    """A second try for lines that lack a field, and for what only Python takes, such as lone surrogates."""
    wrong = error.errors(include_url=False, include_input=False)
    data = parse_object(line)
    if data is None:
        raise Unreadable("not a JSON object") from error
    if wrong[0]["type"] != "json_invalid":
        absent = {
            str(each["loc"][-1]) for each in wrong if each["type"] == "missing" and len(each["loc"]) < 3
        }
        if len(absent) < len(wrong) or not absent <= _ABSENT.keys():
            raise Unreadable(f"not a {type[:40]!r} event: {_where(wrong[0])}") from error
        data |= {name: _ABSENT[name] for name in absent}
    try:
        model = EVENT_ADAPTER.validate_python if type in KNOWN_TYPES else Event.model_validate
        return model(data)
    except ValidationError as again:
        raise Unreadable(f"not a {type[:40]!r} event: {_where(again.errors()[0])}") from again


def _where(wrong: Mapping[str, Any]) -> str:
    return f"{'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}"


def _rows(path: Path, start: int, damage: list[Damage]) -> Iterator[Row]:
    offset = start
    with path.open("rb") as file:
        file.seek(start)
        for number, line in enumerate(file, start=1):
            row = _row(number, offset, line, damage)
            offset += len(line)
            if row is not None:
                yield row


def _row(number: int, offset: int, line: bytes, damage: list[Damage]) -> Row | None:
    head = _HEAD.match(line, 0, _LONGEST_HEAD) if line.endswith(b"}\n") else None
    if head is not None:
        version, session, seq, type_, agent, iteration = head.groups()
        _note_newer(number, int(version), damage)
        # Every line names the same few: one copy of each keeps the memory flat.
        names = [intern(name.decode(errors="replace")) for name in (session, type_, agent)]
        return Row(number, offset, len(line), names[0], int(seq), names[1], names[2], int(iteration))
    if not line.strip():
        return None
    data = parse_object(line)
    if data is None:
        torn = not line.endswith(b"\n")
        damage.append(Damage(number, "torn off while it was written" if torn else "not a JSON object"))
    elif not isinstance(data.get("type"), str) or type(data.get("seq")) is not int:
        damage.append(Damage(number, "not an event: no type or no sequence number"))
    else:
        _note_newer(number, data.get("v"), damage)
        return _row_of(number, offset, len(line), data)
    return None


def _note_newer(number: int, version: object, damage: list[Damage]) -> None:
    """Said once: from the first line of a newer version on, fields that are not known here are left out."""
    newer = isinstance(version, int) and version > VERSION
    if newer and not any(lost.what.startswith(_NEWER) for lost in damage):
        damage.append(Damage(number, f"{_NEWER} ({version}): what it has beyond {VERSION} is left out"))


def _row_of(number: int, offset: int, size: int, data: dict[str, Any]) -> Row:
    iteration = data.get("iteration")
    return Row(
        number,
        offset,
        size,
        str(data.get("session")),
        data["seq"],
        data["type"],
        str(data.get("agent", "")),
        iteration if isinstance(iteration, int) else 0,
    )


def _own_rows(rows: list[Row], damage: list[Damage]) -> list[Row]:
    names = Counter(row.session for row in rows)
    own = names.most_common(1)[0][0] if names else ""
    if len(names) < 2:
        return rows
    damage += [
        Damage(row.line, f"belongs to another session, {row.session[:80]!r}")
        for row in rows
        if row.session != own
    ]
    return [row for row in rows if row.session == own]


def _rising_rows(rows: list[Row], damage: list[Damage], start: int) -> list[Row]:
    """The longest run of lines whose numbers rise (patience sorting): a stray number costs one line."""
    kept = _longest_rise([row.seq for row in rows])
    expected = 0 if start == 0 or not rows else rows[0].seq
    for index, row in enumerate(rows):
        if index not in kept:
            damage.append(Damage(row.line, f"out of order, number {row.seq}"))
            continue
        if row.seq > expected:
            damage.append(Damage(row.line, f"{row.seq - expected} event(s) before it are missing"))
        expected = row.seq + 1
    return [row for index, row in enumerate(rows) if index in kept]


def _longest_rise(numbers: list[int]) -> set[int] | range:
    if all(left < right for left, right in pairwise(numbers)):
        return range(len(numbers))
    tops: list[int] = []
    top_index: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        tops[pile : pile + 1] = [number]
        top_index[pile : pile + 1] = [index]
        before.append(top_index[pile - 1] if pile else -1)
    kept: set[int] = set()
    at = top_index[-1] if top_index else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    return kept
