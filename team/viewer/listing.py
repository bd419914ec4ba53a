"""The sessions of a folder, newest first, as the page of sessions lists them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from team.errors import DevTeamError
from team.transcript import Transcript
from team.transcript.jsonlines import LOG_NAME
from team.transcript.lock import is_busy
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
            known[name] = before if before and before[0] == stamp else (stamp, _told(self._work_dir / name))
        self._known = known
        return [told for _, told in known.values()]

    def _names(self) -> set[str]:
        try:
            with os.scandir(self._work_dir) as entries:
                return {entry.name for entry in entries if entry.is_dir() and Path(entry, LOG_NAME).is_file()}
        except OSError:
            return set()


def _told(folder: Path) -> dict[str, Any]:
    log = Transcript(folder)
    try:
        told = log.summary
        when = log.when
    except DevTeamError as error:
        told, when = {"status": "unreadable", "message": str(error)}, ""
    totals, config = (_dict(told.get(name)) for name in ("totals", "config"))
    cost = totals.get("cost_usd")
    return {
        "session": folder.name,
        "title": title_of(log) if totals else "",
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
    """An ended session is known by its summary; one without an end, also by its log and who works on it."""
    try:
        told = (folder / "session.json").stat()
        log = (folder / LOG_NAME).stat()
    except OSError:
        return (None, is_busy(folder))
    return (told.st_mtime_ns, told.st_size, log.st_mtime_ns, log.st_size, is_busy(folder))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
