"""What is told before the log is read is what the whole log says, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from team.transcript import Transcript
from team.transcript.events import Note
from team.transcript.standing import began, standing
from team.transcript.store import SessionLog
from team.transcript.summary import write_summary

Make = Callable[..., Transcript]
Change = Callable[[Path], object]


def lines_of(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = folder / "transcript.jsonl"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def with_notes(folder: Path) -> None:
    with SessionLog.reopen(folder) as log:
        log.record(Note(text="looked at"))


CHANGES: dict[str, Change] = {
    "ended": lambda folder: None,
    "summary from before": lambda folder: write_summary(folder, {"status": "running", "title": "counter"}),
    "killed": lambda folder: lines_of(folder, lambda lines: lines[:-1]),
    "torn": lambda folder: lines_of(folder, lambda lines: [*lines[:-1], lines[-1][:50]]),
    "garbage at the end": lambda folder: lines_of(folder, lambda lines: [*lines, b"\x00garbage\n"]),
    "notes after the end": with_notes,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_says_what_the_whole_log_says(make_session: Make, change: Change) -> None:
    folder = make_session().folder
    change(folder)
    told, whole = standing(folder), Transcript.open(folder).summary
    assert told is not None
    assert {name: value for name, value in whole.items() if name != "totals"} == {
        name: value for name, value in told.items() if name != "totals"
    }
    assert began(folder) == Transcript.open(folder).when


NOTHING: dict[str, Change] = {
    "no beginning": lambda folder: lines_of(folder, lambda lines: lines[1:]),
    "the end of another session": lambda folder: lines_of(
        folder, lambda lines: [*lines[:-1], lines[-1].replace(folder.name.encode(), b"other")]
    ),
    "an end that is none": lambda folder: lines_of(
        folder, lambda lines: [*lines[:-1], lines[-1].replace(b'"status":"accepted"', b'"status":["x"]')]
    ),
    "empty": lambda folder: lines_of(folder, lambda lines: []),
    "a giant last line": lambda folder: lines_of(
        folder,
        lambda lines: [*lines[:-1], json.dumps({"type": "note", "text": "x" * 99_999}).encode() + b"\n"],
    ),
}


@pytest.mark.parametrize("change", NOTHING.values(), ids=NOTHING)
def test_where_only_the_whole_log_tells_it_says_nothing(make_session: Make, change: Change) -> None:
    folder = make_session().folder
    change(folder)
    assert standing(folder) is None
    assert Transcript.open(folder).summary["status"]


def test_a_running_session_is_at_work(make_session: Make) -> None:
    folder = make_session().folder
    lines_of(folder, lambda lines: lines[:-1])
    with SessionLog.reopen(folder):
        told = standing(folder)
    assert told is not None and (told["status"], told["message"]) == ("running", "at work")
