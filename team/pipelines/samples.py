"""Rows to try a pipeline with: good ones that reach the destination, and dirty ones that must not."""

from __future__ import annotations

import ast
import datetime as dt
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from team.pipelines import steps as s
from team.pipelines.columns import Layout
from team.pipelines.formulas import Formula
from team.pipelines.reference import carry
from team.pipelines.values import read

if TYPE_CHECKING:
    from team.specs.pipeline import PipelineSpec

_TRIES = 3000
_DAY = dt.datetime(2026, 1, 5, 8, 30)
_WORDS = ("north", "south", "east", "west", "alpha", "beta", "gamma", "delta")
_ANY_COLUMNS = ("id", "name", "amount")
"""Columns for a source of which the spec names none."""
Table = list[dict[str, Any]]


class Samples:
    """Sample rows of a pipeline's tables; the same spec gives the same rows.

    Values are as a source delivers them: text for CSV, plain values for others.
    """

    def __init__(self, spec: PipelineSpec, layout: Layout) -> None:
        self._spec = spec
        self._layout = layout
        self._kinds = _final_kinds(layout)
        self._hints = _hints(spec, layout)
        self._keys = _keys(spec, layout)

    def tables(self, count: int, *, start: int = 1) -> dict[int, Table]:
        """So many rows of the source, numbered from `start`, each of which reaches the destination by itself.

        Where no such row is found, rows are made without that promise.
        """
        others = {
            number: self._joined(number, placed_on, start + count)
            for number, placed_on in _joins(self._layout).items()
        }
        rows: Table = []
        for place in range(start, start + count):
            rows.append(self._row(place, others))
        return {0: rows, **others}

    def many(self, count: int) -> dict[int, Table]:
        """So many rows, made of a few good ones with keys of their own."""
        tables = self.tables(12)
        kinds = self._source_kinds()
        rows = []
        for place in range(1, count + 1):
            own = {
                name: self._delivered(self._value((0, name), kinds[name], place, None))
                for name in self._keys
                if name in kinds
            }
            rows.append(tables[0][place % len(tables[0])] | own)
        return {**tables, 0: rows}

    def dirty(self, start: int) -> Table:
        """Rows that must not reach the destination: a value of the wrong type, a broken check."""
        rows: Table = []
        others = {number: self._joined(number, on, start + 8) for number, on in _joins(self._layout).items()}
        for place, change in enumerate(self._spoilt(), start):
            row = self._row(place, others) | change
            if not self._arrives(row, others):
                rows.append(row)
        return rows

    def _spoilt(self) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = []
        cast = {
            (0, name): kind for (table, name), kind in self._kinds.items() if table == 0 for name in [name]
        }
        for (_, name), kind in cast.items():
            if kind not in ("text", "any"):
                changes.append({name: f"not a {kind}"})
        for name in self._keys:
            changes.append({name: None})
        for check in self._spec.checks:
            origin = _origin(self._layout, check.column)
            if origin and check.rule == "min" and isinstance(check.value, int | float):
                changes.append({origin: self._delivered(check.value - 1)})
            if origin and check.rule in ("in", "matches"):
                changes.append({origin: "\u00a1none of these!"})
        return changes

    def _row(self, place: int, others: Mapping[int, Table]) -> dict[str, Any]:
        """A row that arrives, if one is found."""
        chance = random.Random(place)
        first: dict[str, Any] = {}
        for attempt in range(_TRIES):
            row = {
                name: self._delivered(self._value((0, name), kind, place, chance if attempt else None))
                for name, kind in self._source_kinds().items()
            }
            first = first or row
            if self._arrives(row, others):
                return row
        return first

    def _source_kinds(self) -> dict[str, str]:
        if not self._layout.source:
            return dict.fromkeys(_ANY_COLUMNS, "text")
        return {name: self._kinds.get((0, name), "text") for name in self._layout.source}

    def _arrives(self, row: dict[str, Any], others: Mapping[int, Table]) -> bool:
        return bool(carry(self._spec, self._layout, {0: [row], **others}).rows)

    def _joined(self, number: int, on: Mapping[str, str], count: int) -> Table:
        """A joined table: one row for each value that the source may have."""
        rows: Table = []
        for place in range(1, count + 1):
            row = {
                name: self._delivered(
                    self._value((number, name), self._kinds.get((number, name), "text"), place, None)
                )
                for name in self._layout.tables[number]
            }
            for ours, theirs in on.items():
                origin = _origin(self._layout, ours) or ours
                kind = self._kinds.get((0, origin), "text")
                row[theirs] = self._delivered(self._value((0, origin), kind, place, None))
            if row not in rows:
                rows.append(row)
        seen: set[tuple[Any, ...]] = set()
        return [
            row
            for row in rows
            if (key := tuple(row[name] for name in on.values())) not in seen and not seen.add(key)  # type: ignore[func-returns-value]
        ]

    def _value(self, column: tuple[int, str], kind: str, place: int, chance: random.Random | None) -> Any:
        hints = self._hints.get(column[1], ())
        fitting = [value for value in (read(kind, hint) for hint in hints) if value is not None]
        if column[1] in self._keys:
            fitting = []
        if column[1] in self._keys and kind in ("text", "any") and "mail" not in column[1].lower():
            return f"{1000 + place}"
        if fitting and (chance is None or chance.random() < 0.7):
            pick = chance.choice(fitting) if chance else fitting[place % len(fitting)]
            return _near(pick, chance)
        return _plain(column[1], kind, place, chance)

    def _delivered(self, value: Any) -> Any:
        """A value as the source delivers it."""
        source = self._spec.source
        if value is None or (not isinstance(source, str) and source.kind != "csv"):
            if isinstance(value, Decimal):
                return float(value)
            return value.isoformat() if isinstance(value, dt.date) else value
        if isinstance(value, bool):
            return "true" if value else "false"
        return value.isoformat() if isinstance(value, dt.date) else str(value)


def _plain(name: str, kind: str, place: int, chance: random.Random | None) -> Any:
    """A plausible value, other for each place."""
    wild = chance.randrange(-3, 1000) if chance else 0
    match kind:
        case "integer":
            return wild if chance else 1000 + place
        case "number":
            return round(wild / 4 if chance else place * 2.5, 2)
        case "decimal":
            return Decimal(wild if chance else place * 1249).scaleb(-2)
        case "boolean":
            return bool(chance.randrange(2)) if chance else True
        case "date":
            return (_DAY + dt.timedelta(days=place)).date()
        case "datetime":
            return _DAY + dt.timedelta(days=place, minutes=place * 7 % 60)
    if name.lower().endswith(("id", "number", "code", "key")):
        return f"{1000 + place}"
    if name.lower().endswith(("_at", "_on", "date", "time")):
        return (_DAY + dt.timedelta(days=place)).isoformat()
    if "mail" in name.lower():
        return f"person{place}@example.com"
    return f"{_WORDS[place % len(_WORDS)]} {place}" if not chance else chance.choice(_WORDS)


def _near(value: Any, chance: random.Random | None) -> Any:
    """A value at or beside one that a condition names."""
    step = chance.choice((-1, 0, 0, 1, 10)) if chance else 0
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value + step
    if isinstance(value, dt.date):
        return value + dt.timedelta(days=step)
    return value


def _joins(layout: Layout) -> dict[int, Mapping[str, str]]:
    return {placed.number: placed.step.on for placed in layout.steps if isinstance(placed.step, s.Join)}


def _final_kinds(layout: Layout) -> dict[tuple[int, str], str]:
    """Column of a table → the type that it is cast to, under whatever name."""
    kinds: dict[tuple[int, str], str] = {}
    for table, columns in layout.tables.items():
        for name in columns:
            current, begun = name, table == 0
            for placed in layout.steps:
                if not begun:
                    begun = placed.number == table and isinstance(placed.step, s.Join)
                elif isinstance(placed.step, s.Rename):
                    current = placed.step.columns.get(current, current)
                elif isinstance(placed.step, s.Cast) and current in placed.step.columns:
                    kinds.setdefault((table, name), placed.step.columns[current])
    return kinds


def _origin(layout: Layout, column: str) -> str | None:
    """The source's column that has this name at the end; None when a step makes it."""
    current = column
    for placed in reversed(layout.steps):
        if isinstance(placed.step, s.Derive) and placed.step.column == current:
            return None
        if isinstance(placed.step, s.Aggregate) and current not in placed.step.by:
            return None
        if isinstance(placed.step, s.Rename):
            back = {new: old for old, new in placed.step.columns.items()}
            current = back.get(current, current)
    return current if current in layout.source else None


def _keys(spec: PipelineSpec, layout: Layout) -> list[str]:
    """Source columns whose values must differ from row to row, in the order of the spec."""
    names = [] if isinstance(spec.destination, str) else list(spec.destination.key)
    names += [check.column for check in spec.checks if check.rule == "unique"]
    names += [spec.incremental.column] if spec.incremental else []
    for placed in layout.steps:
        if isinstance(placed.step, s.DropDuplicates):
            names += placed.step.columns
    return list(dict.fromkeys(origin for name in names if (origin := _origin(layout, name))))


def _hints(spec: PipelineSpec, layout: Layout) -> dict[str, Sequence[Any]]:
    """Values that conditions and checks name, by column, under every name that it has."""
    found: dict[str, list[Any]] = {}
    for placed in layout.steps:
        match placed.step:
            case s.Filter(where=formula) | s.Derive(expression=formula):
                for name in formula.names:
                    found.setdefault(name, []).extend(_constants(formula))
            case s.Replace(column=name, values=values):
                found.setdefault(name, []).extend(values)
    for check in spec.checks:
        given = list(check.value) if isinstance(check.value, list | tuple) else [check.value]
        found.setdefault(check.column, []).extend(
            value for value in given if value is not None and check.rule != "matches"
        )
    for placed in layout.steps:
        if isinstance(placed.step, s.Rename):
            for old, new in placed.step.columns.items():
                if new in found:
                    found.setdefault(old, []).extend(found[new])
    return {name: list(dict.fromkeys(map(_hashable, values))) for name, values in found.items()}


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _constants(formula: Formula) -> list[Any]:
    return [
        node.value
        for node in ast.walk(formula.tree)
        if isinstance(node, ast.Constant) and node.value is not None
    ]
