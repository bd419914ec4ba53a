"""Sessions of a catalogue, by status and name, and the places in them where words stand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_COLUMNS = "name, status, reason, kind, title, model, began, iterations, message"


@dataclass(frozen=True)
class Catalogued:
    """One session as the catalogue knows it; `status` is empty while nothing ended it."""

    name: str
    status: str
    reason: str
    kind: str
    title: str
    model: str
    began: str
    iterations: int
    calls: int
    tokens: int
    cost_usd: float | None
    message: str = ""


@dataclass(frozen=True)
class Hit:
    """A place in a session where the searched words stand; the snippet marks them with ⟦ and ⟧."""

    session: str
    seq: int
    agent: str
    snippet: str


def newest(database: sqlite3.Connection, *, status: str = "", limit: int = 0) -> list[Catalogued]:
    """Sessions, the newest first.

    Args:
        database: a connection from `Catalog.ask`.
        status: only these; `unfinished` for those that nothing ended.
        limit: at most so many; 0: all.
    """
    where = "WHERE sessions.status = ?" if status else ""
    given: list[object] = ["" if status == "unfinished" else status] if status else []
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM sessions {where} ORDER BY name DESC LIMIT ?",
        [*given, limit or -1],
    )
    return [_catalogued(database, row) for row in rows.fetchall()]


def named(database: sqlite3.Connection, names: Iterable[str]) -> list[Catalogued]:
    """The sessions of these names, in the order given."""
    rows = (
        database.execute(
            f"SELECT {_COLUMNS} FROM sessions WHERE name = ?",
            [name],
        ).fetchone()
        for name in names
    )
    return [_catalogued(database, row) for row in rows if row is not None]


def count(database: sqlite3.Connection, status: str = "") -> int:
    """How many sessions there are, of one status or all."""
    where, given = ("WHERE status = ?", ["" if status == "unfinished" else status]) if status else ("", [])
    (number,) = database.execute(f"SELECT count(*) FROM sessions {where}", given).fetchone()
    return int(number)


def search(database: sqlite3.Connection, words: str, *, limit: int = 100) -> list[Hit]:
    """Places where all these words stand, the best in each session first, the newest sessions first.

    Words in double quotes must stand together; a word ending in `*` is a beginning.
    """
    query = _query(words)
    if not query:
        return []
    rows = database.execute(
        "SELECT spoken.session, spoken.seq, spoken.agent, snippet(texts, 0, '⟦', '⟧', '…', 14) "
        "FROM texts JOIN spoken ON spoken.id = texts.rowid WHERE texts MATCH ? "
        "ORDER BY spoken.session DESC, rank, spoken.seq LIMIT ?",
        [query, limit],
    )
    return [Hit(*row) for row in rows.fetchall()]


def _query(words: str) -> str:
    """The words as FTS5 takes them: each quoted, so that none is an operator."""
    terms = []
    for index, part in enumerate(words.replace("\0", " ").split('"')):
        for term in [part] if index % 2 else part.split():
            star = "*" if not index % 2 and term.endswith("*") and len(term) > 1 else ""
            if any(letter.isalnum() for letter in term):
                terms.append(f'"{term.removesuffix("*")}"{star}')
    return " ".join(terms)


def _catalogued(database: sqlite3.Connection, row: tuple[Any, ...]) -> Catalogued:
    calls, tokens, cost, unknown = database.execute(
        "SELECT coalesce(sum(calls), 0), coalesce(sum(prompt_tokens + completion_tokens), 0), "
        "sum(cost_usd), sum(cost_usd IS NULL) FROM calls WHERE session = ?",
        [row[0]],
    ).fetchone()
    name, status, reason, kind, title, model, began, iterations, message = row
    price = None if unknown else cost or 0.0
    return Catalogued(
        name,
        status,
        reason,
        kind,
        title,
        model,
        began,
        iterations,
        calls=calls,
        tokens=tokens,
        cost_usd=price,
        message=message,
    )
