"""The sessions of a folder, newest first, as the page of sessions lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from team.transcript.catalog import Catalog
from team.transcript.finding import Catalogued, newest
from team.transcript.jsonlines import LOG_NAME
from team.transcript.standing import unfinished

_LONGEST = 300


class Listing:
    """The sessions of `work_dir`, from its catalogue: a session is read again only when its files changed."""

    def __init__(self, work_dir: Path) -> None:
        self._work_dir = work_dir
        self._catalog = Catalog(work_dir)

    def folder(self, name: str) -> Path | None:
        """The folder of the session of exactly that name; None where there is none.

        Only a name that can stand alone in a path is looked for, so nothing outside is ever reached.
        """
        single = name.isprintable() and name not in ("", ".", "..") and not set(name) & set("/\\")
        folder = self._work_dir / name if single else None
        return folder if folder is not None and _holds_a_log(folder) else None

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions, newest first."""
        return [self._told(row) for row in self._catalog.ask(newest)]

    def _told(self, row: Catalogued) -> dict[str, Any]:
        told = {} if row.status else unfinished(self._work_dir / row.name)
        return {
            "session": row.name,
            "title": row.title[:_LONGEST],
            "kind": row.kind,
            "status": str(told.get("status", row.status)),
            "message": str(told.get("message", row.message))[:_LONGEST],
            "when": row.began,
            "model": row.model[:100],
            "iterations": row.iterations,
            "calls": row.calls,
            "tokens": row.tokens,
            "cost_usd": row.cost_usd,
        }


def _holds_a_log(folder: Path) -> bool:
    try:
        return (folder / LOG_NAME).is_file()
    except (OSError, ValueError):  # such as a name that is too long
        return False
