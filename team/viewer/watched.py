"""A session that is looked at while it may still be written: what is new, and the sums over all of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from team.transcript import Transcript
from team.transcript.jsonlines import LOG_NAME
from team.transcript.lock import is_busy
from team.transcript.outline import Damage, Row
from team.viewer.entries import read_entries
from team.viewer.figures import Figures, read_diff

PAGE = 1_500_000
"""Bytes of the log that one answer covers, at least one event."""

BLAMED = 5_000_000
"""Bytes of a log up to which it is read a second time for who brought which failure: nobody waits long."""


class Watched:
    """One session as a server hands it out. Of its events only the places and the sums are kept.

    Safe to use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        self._stamp: tuple[object, ...] = ()
        self._log = Transcript(folder)
        self._rows: tuple[Row, ...] = ()
        self._figures = Figures()
        self._damage: set[Damage] = set()
        self._facts: dict[str, Any] = {}

    @property
    def log(self) -> Transcript:
        """The session as it is now."""
        with self._turn:
            self._refresh()
            return self._log

    def after(self, seq: int, known: str = "") -> dict[str, Any]:
        """The events after number `seq`, and the facts unless they are the `known` ones.

        `more` says that there are further events; `restart`, that the log is another one than before and the
        answer begins with its first event.

        Raises:
            team.errors.SessionNotFound: the log cannot be read.
        """
        with self._turn:
            self._refresh()
            last = self._rows[-1].seq if self._rows else -1
            restart = seq > last
            new = [row for row in self._rows if restart or row.seq > seq]
            page = _page(new)
            read = [item for item in read_entries(self._folder, page) if not isinstance(item, Damage)]
            version = f"{hash(self._stamp):x}"
            return {
                "rows": [entry.row for entry in read],
                "bodies": [entry.body for entry in read],
                "last": page[-1].seq if page else min(seq, last),
                "more": len(page) < len(new),
                "restart": restart,
                "version": version,
                "facts": None if version == known else self._facts,
            }

    def diff(self, iteration: int | None) -> str:
        """The unified diff of an iteration or of the session; empty where no history was kept."""
        with self._turn:
            self._refresh()
            return read_diff(self._log, iteration)

    def _refresh(self) -> None:
        """Take in what was written since; all of it again where the log is not simply longer."""
        stamp = _stamp(self._folder)
        if stamp == self._stamp:
            return
        log = Transcript(self._folder)
        outline = log.outline
        count = len(self._rows)
        if outline.rows[:count] != self._rows:
            count, self._figures, self._damage = 0, Figures(), set()
        self._take(outline.rows[count:])
        lost = sorted({*self._damage, *outline.damage})
        blames = not _runs(log) and sum(row.size for row in outline.rows) < BLAMED
        self._facts = self._figures.facts(log, blames=blames) | {"damage": [str(damage) for damage in lost]}
        self._log, self._rows, self._stamp = log, outline.rows, stamp

    def _take(self, rows: Iterable[Row]) -> None:
        for item in self._log.read_rows(rows):
            if isinstance(item, Damage):
                self._damage.add(item)
            else:
                self._figures.add(item)


def _page(rows: list[Row]) -> list[Row]:
    size = 0
    for count, row in enumerate(rows):
        size += row.size
        if count and size > PAGE:
            return rows[:count]
    return rows


def _runs(log: Transcript) -> bool:
    return log.summary.get("status") == "running"


def _stamp(folder: Path) -> tuple[object, ...]:
    """What differs as soon as there is something new: both files, and whether somebody works on it."""
    marks: list[object] = [is_busy(folder)]
    for name in (LOG_NAME, "session.json"):
        try:
            told = (folder / name).stat()
        except OSError:
            marks.append(None)
        else:
            marks.append((told.st_size, told.st_mtime_ns, told.st_ino))
    return tuple(marks)
