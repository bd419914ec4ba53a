"""The events of a session as entries of a list: one line each, with what filters ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from team.transcript.body import round_of
from team.transcript.events import Event, Gate, Message, ModelCall, Verdict
from team.transcript.outline import Row
from team.transcript.reader import Transcript
from team.transcript.safe_text import one_line
from team.transcript.wording import COLOURS, describe

_WIDTH = 150


@dataclass(frozen=True)
class Entry:
    """One event in a list: its place in the log, its line and style, its iteration, whether it failed."""

    row: Row
    line: str
    style: str
    round: int
    failed: bool


def entries(log: Transcript) -> list[Entry]:
    """Every event of a session; the events themselves are not kept."""
    return list(_entries(log))


def matches(log: Transcript, chosen: Iterable[Entry], words: str) -> list[Entry]:
    """The entries whose events hold all these words, whatever their case, anywhere in what is recorded."""
    wanted = words.lower().split()
    chosen = list(chosen)
    found = []
    for entry, item in zip(chosen, log.read_rows(entry.row for entry in chosen), strict=True):
        text = item.model_dump_json().lower() if isinstance(item, Event) else ""
        if all(_as_json(word) in text for word in wanted):
            found.append(entry)
    return found


def _as_json(word: str) -> str:
    import json

    return json.dumps(word, ensure_ascii=False)[1:-1]


def _entries(log: Transcript) -> Iterator[Entry]:
    rows = log.outline.rows
    for row, item in zip(rows, log.read_rows(rows), strict=True):
        if not isinstance(item, Event):
            yield Entry(row, f"#{row.seq} lost: {one_line(str(item), _WIDTH)}", "yellow", row.iteration, True)
            continue
        style = COLOURS[item.status] if isinstance(item, Gate) else _STYLES.get(item.type, "")
        line = one_line(f"{'#' + str(item.seq):<6} {_words(item)}", _WIDTH)
        yield Entry(row, line, style, round_of(item), _failed(item))


_STYLES = {"message": "bold", "model_call": "dim", "snapshot": "dim", "note": "dim"}


def _words(event: Event) -> str:
    if isinstance(event, Message):
        first = next((line for line in event.content[:4000].splitlines() if line.strip()), "")
        return f"{event.agent or 'task'} · {event.step}: {first}"
    return describe(event) or event.type


def _failed(event: Event) -> bool:
    if isinstance(event, Gate):
        return event.status in ("fail", "error")
    if isinstance(event, Verdict):
        return event.verdict != "approve"
    return not isinstance(event, ModelCall) and bool(
        getattr(event, "exit_code", 0) or getattr(event, "refused", ())
    )
