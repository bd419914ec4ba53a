"""The sessions of a folder, newest first, as the page of sessions lists them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from team.errors import DevTeamError
from team.transcript import Transcript
from team.transcript.jsonlines import LOG_NAME
from team.viewer.figures import title_of


class Listing:
    """The sessions of `work_dir`; each is read again only when its files have changed."""

    def __init__(self, work_dir: Path) -> None:
        self._work_dir = work_dir
        self._known: dict[str, tuple[tuple[object, ...], dict[str, Any]]] = {}

    def folder(self, name: str) -> Path | None:
        """The folder of the session of exactly that name; None where there is none.

        A name is compared with what lies in the folder and never used as a path before.
        """
        return self._work_dir / name if name in self._names() else None

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions, newest first."""
        names = sorted(self._names(), reverse=True)
        known = {}
        for name in names:
            stamp = _stamp(self._work_dir / name)
            before = self._known.get(name)
            same = before is not None and before[0] == stamp and before[1]["status"] != "running"
            known[name] = before if before and same else (stamp, _told(self._work_dir / name))
        self._known = known
        return [told for _, told in known.values()]

    def _names(self) -> set[str]:
        try:
            with os.scandir(self._work_dir) as entries:
                return {entry.name for entry in entries if _is_session(entry)}
        except OSError:
            return set()


def _is_session(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder with a log, and has a name that an address can hold."""
    return entry.name.isprintable() and entry.is_dir() and Path(entry, LOG_NAME).is_file()


def _told(folder: Path) -> dict[str, Any]:
    log = Transcript(folder)
    try:
        told, when, title = log.summary, log.when, title_of(log)
    except DevTeamError as error:
        told, when, title = {"status": "unreadable", "message": str(error)}, "", ""
    totals, config = (_dict(told.get(name)) for name in ("totals", "config"))
    cost = totals.get("cost_usd")
    return {
        "session": folder.name,
        "title": title,
        "kind": str(told.get("kind") or ""),
        "status": str(told.get("status") or "unknown"),
        "message": str(told.get("message") or "")[:300],
        "when": when,
        "model": str(config.get("model") or "")[:100],
        "iterations": _number(totals.get("iterations")),
        "calls": _number(totals.get("calls")),
        "tokens": _number(totals.get("prompt_tokens")) + _number(totals.get("completion_tokens")),
        "cost_usd": cost if isinstance(cost, int | float) else None,
    }


def _stamp(folder: Path) -> tuple[object, ...]:
    """What differs as soon as a session that is not running is another one; a running one is always read."""
    marks: list[object] = []
    for name in ("session.json", LOG_NAME):
        try:
            file = (folder / name).stat()
        except OSError:
            marks.append(None)
        else:
            marks += [file.st_mtime_ns, file.st_size]
    return tuple(marks)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
