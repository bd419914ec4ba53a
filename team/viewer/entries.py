"""Events as the page takes them: a row to list and filter by, and a body that is read when it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from team.transcript.body import round_of
from team.transcript.events import (
    Approval,
    Event,
    Execution,
    Gate,
    Message,
    SessionEnded,
    Snapshot,
    Verdict,
)
from team.transcript.jsonlines import LOG_NAME, parse_object
from team.transcript.outline import Damage, Row, Unreadable, parse_event
from team.transcript.safe_text import one_line
from team.transcript.shorten import BlockSpan, block_spans
from team.transcript.wording import counted, describe

_LINE = 160


class Entry(NamedTuple):
    """One event: as read, its row and its body."""

    event: Event
    row: dict[str, Any]
    body: dict[str, Any]


def read_entries(folder: Path, rows: Iterable[Row]) -> Iterator[Entry | Damage]:
    """The entries of these lines of a session's log, one at a time; for a line that holds none, why.

    Raises:
        OSError: the log cannot be read.
    """
    with (folder / LOG_NAME).open("rb") as file:
        for row in rows:
            file.seek(row.offset)
            line = file.read(row.size)
            try:
                yield _entry(parse_event(line, row.type), parse_object(line) or {})
            except Unreadable as problem:
                yield Damage(row.line, str(problem))


def failed(event: Event) -> bool:
    """Whether a person who looks for what went wrong wants to see this event."""
    match event:
        case Gate():
            return event.status in ("fail", "error")
        case Execution():
            return event.exit_code != 0 or event.limit is not None
        case Verdict():
            return event.verdict != "approve"
        case Snapshot():
            return bool(event.refused)
        case Approval():
            return not event.approved
        case SessionEnded():
            return event.status != "accepted"
    return False


def _entry(event: Event, raw: dict[str, Any]) -> Entry:
    spans = tuple(block_spans(event.content)) if isinstance(event, Message) else ()
    # What a newer version wrote stays; what an older one left out has its default.
    body: dict[str, Any] = {"event": raw | event.model_dump(mode="json")}
    if spans:
        body["spans"] = [[span.first, span.end, span.name, span.added, span.removed] for span in spans]
    return Entry(event, _row(event, spans), body)


def _row(event: Event, spans: tuple[BlockSpan, ...]) -> dict[str, Any]:
    row = {
        "seq": event.seq,
        "ts": event.ts,
        "type": event.type,
        "agent": event.agent,
        "round": round_of(event),
        "step": getattr(event, "step", ""),
        "line": _line(event, spans),
    }
    if failed(event):
        row["failed"] = True
    if isinstance(event, Gate):
        row |= {"gate": event.name, "status": event.status}
    return row


def _line(event: Event, spans: tuple[BlockSpan, ...]) -> str:
    match event:
        case Message():
            return _opening(event, spans)
        case Gate():
            found = counted(len(event.findings), "finding") if event.findings else event.why
            return one_line(f"{event.name}{': ' if found else ''}{found} ({event.seconds:.1f} s)", _LINE)
    return describe(event)


def _opening(message: Message, spans: tuple[BlockSpan, ...]) -> str:
    """The first words of a message and the names of its blocks."""
    lines = message.content[: 100 * _LINE].split("\n")
    inside = {at for span in spans for at in range(span.first, min(span.end, len(lines)))}
    said = next((line for at, line in enumerate(lines) if at not in inside and line.strip()), "")
    words = [said, *(str(span) for span in spans[:5])]
    return one_line(" · ".join(filter(None, words)), _LINE)
