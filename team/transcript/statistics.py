"""Figures over many sessions, asked of the catalogue."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

Group = Literal["gate", "kind", "prompt", "model", "role"]
GROUPS: tuple[Group, ...] = ("gate", "kind", "prompt", "model", "role")


@dataclass(frozen=True)
class SessionFigures:
    """What became of a group of sessions; acceptance is the share of those that ended."""

    sessions: int
    ended: int
    accepted: int
    acceptance: float | None
    iterations_to_green: float | None
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    seconds: float


@dataclass(frozen=True)
class GateFigures:
    """How often a gate ran and was red, and in how many sessions."""

    runs: int
    red: int
    skipped: int
    sessions: int
    sessions_red: int


@dataclass(frozen=True)
class CallFigures:
    """What calls came to, of one role."""

    sessions: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    seconds: float


Figures = SessionFigures | GateFigures | CallFigures
_COLUMN = {"kind": "kind", "prompt": "prompts", "model": "model"}


def overall(database: sqlite3.Connection) -> SessionFigures:
    """The figures of all sessions."""
    return _session_figures(database, "1", ())


def grouped(database: sqlite3.Connection, by: Group) -> dict[str, Figures]:
    """The figures by gate, by kind of requirement, prompt version, model or role; the largest group first."""
    if by == "gate":
        return {name: _gate_figures(database, name) for name in _names(database, "gate", "gates")}
    if by == "role":
        return {name: _role_figures(database, name) for name in _names(database, "role", "calls")}
    column = _COLUMN[by]
    names = _names(database, column, "sessions")
    return {name: _session_figures(database, f"{column} IS ?", (name,)) for name in names}


def as_json(figures: Figures) -> dict[str, Any]:
    """The figures as JSON values."""
    return asdict(figures)


def _names(database: sqlite3.Connection, column: str, table: str) -> list[str]:
    rows = database.execute(f"SELECT {column} FROM {table} GROUP BY 1 ORDER BY count(*) DESC, 1")
    return [name for (name,) in rows.fetchall()]


def _session_figures(database: sqlite3.Connection, where: str, given: tuple[str, ...]) -> SessionFigures:
    rows = database.execute(f"SELECT status, green FROM sessions WHERE {where}", given).fetchall()
    ended = [status for status, _ in rows if status]
    accepted = ended.count("accepted")
    greens = [green for status, green in rows if green is not None]
    calls, prompt, completion, cost, seconds = _sums(
        database, f"session IN (SELECT name FROM sessions WHERE {where})", given
    )
    return SessionFigures(
        sessions=len(rows),
        ended=len(ended),
        accepted=accepted,
        acceptance=round(accepted / len(ended), 4) if ended else None,
        iterations_to_green=float(median(greens)) if greens else None,
        calls=calls,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=cost,
        seconds=seconds,
    )


def _gate_figures(database: sqlite3.Connection, name: str) -> GateFigures:
    row = database.execute(
        "SELECT sum(runs), sum(red), sum(skipped), count(*), sum(red > 0) FROM gates WHERE gate = ?", [name]
    ).fetchone()
    return GateFigures(*row)


def _role_figures(database: sqlite3.Connection, name: str) -> CallFigures:
    (sessions,) = database.execute(
        "SELECT count(DISTINCT session) FROM calls WHERE role = ?", [name]
    ).fetchone()
    return CallFigures(sessions, *_sums(database, "role = ?", (name,)))


def _sums(
    database: sqlite3.Connection, where: str, given: tuple[str, ...]
) -> tuple[int, int, int, float | None, float]:
    calls, prompt, completion, cost, unknown, seconds = database.execute(
        "SELECT coalesce(sum(calls), 0), coalesce(sum(prompt_tokens), 0), "
        "coalesce(sum(completion_tokens), 0), coalesce(sum(cost_usd), 0.0), "
        "coalesce(sum(cost_usd IS NULL), 0), coalesce(sum(seconds), 0.0) "
        f"FROM calls WHERE {where}",
        given,
    ).fetchone()
    return calls, prompt, completion, None if unknown else round(cost, 8), round(seconds, 3)
