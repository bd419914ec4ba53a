"""What a session is and what became of it, told from `session.json` and the ends of the log.

Without the models of the events: importing them takes longer than the verdict of a session may take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from os import SEEK_END
from pathlib import Path
from typing import Any

from team.transcript.jsonlines import LOG_NAME, parse_object
from team.transcript.line import COLOURS, Line
from team.transcript.lock import is_busy
from team.transcript.safe_text import one_line, plain
from team.transcript.summary import read_summary, sound_fields

_EDGE = 65_536
_STARTED = ("kind", "spec", "config", "versions", "sandbox")
_ENDED = ("status", "reason", "message", "totals")


def standing(folder: Path) -> dict[str, Any] | None:
    """As `Transcript.summary`, but for the totals of an unfinished one; None where only all lines tell."""
    kept = read_summary(folder)
    if sound_fields(kept) != kept and kept.get("status") is not None:
        return None
    if kept.get("status") not in (None, "running"):
        return kept
    try:
        first, last = edges(folder / LOG_NAME)
    except OSError:
        return None
    if first.get("type") != "session_started" or not last or last.get("session") != first.get("session"):
        return None
    told = {"session": first.get("session")} | {name: first.get(name) for name in _STARTED} | kept
    if last["type"] != "session_ended":
        return told | unfinished(folder)
    sound = all(isinstance(last.get(name), str) for name in ("status", "reason", "message"))
    return told | {name: last.get(name) for name in _ENDED} if sound else None


def unfinished(folder: Path) -> dict[str, Any]:
    """What is to be said of a session that has no end: it is at work, or it was cut off."""
    if is_busy(folder):
        return {"status": "running", "reason": None, "message": "at work"}
    message = f"it was cut off; devteam resume {folder.name} goes on"
    return {"status": "stopped", "reason": "interrupted", "message": message}


def edges(log: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first event of a log and the last one that is no note, as far as its first and last 64 KiB tell.

    Raises:
        OSError: the log cannot be read.
    """
    with log.open("rb") as file:
        first = file.readline(_EDGE)
        start = max(0, file.seek(0, SEEK_END) - _EDGE)
        file.seek(start)
        whole = file.read().split(b"\n")[1 if start else 0 : -1]
    ends = (data for data in map(parse_object, reversed(whole)) if data and data.get("type") != "note")
    last = next((data for data in ends if isinstance(data.get("type"), str)), {})
    return parse_object(first) or {}, last


def began(folder: Path) -> str:
    """When it began, to the minute, in UTC, as its id tells; empty for a folder of another name."""
    name = re.match(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)\d\d-", folder.name)
    return "{}-{}-{} {}:{}".format(*name.groups()) if name is not None else ""


def verdict_lines(folder: Path, told: dict[str, Any], when: str) -> Iterator[Line]:
    """The verdict with its reason, what was asked for, by whom, and where it lies."""
    status = one_line(str(told.get("status") or "?"), 20)
    message = one_line(str(told.get("message") or "not finished"), 500)
    yield Line(f"{status} — {message}", f"bold {COLOURS.get(status, '')}".rstrip())
    title = one_line(str(told.get("title") or ""), 200)
    yield Line(f"{one_line(str(told.get('kind') or '?'), 20)}{': ' if title else ''}{title}")
    config = told.get("config")
    model = one_line(str((config.get("model") if isinstance(config, dict) else "") or "model not named"))
    yield Line(f"{when} · {model} · {one_line(str(told.get('sandbox') or 'no sandbox'))}", "dim")
    yield Line(plain(str(folder)), "dim")
