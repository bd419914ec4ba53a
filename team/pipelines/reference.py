"""What becomes of given rows: a pipeline spec carried out by hand, slowly, over plain values.

It is what drafted tests expect and what the pipeline gate compares with. Rows are mappings from column to
value; a missing value is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from team.pipelines import steps as s
from team.pipelines.checks import keep_sound
from team.pipelines.columns import Layout, Placed
from team.pipelines.evaluation import evaluate
from team.pipelines.values import read

if TYPE_CHECKING:
    from team.specs.pipeline import PipelineSpec

Row = dict[str, Any]
Rows = list[Row]


@dataclass
class Tally:
    """What became of the rows that were read."""

    read: int = 0
    skipped: int = 0
    """Loaded already, by the mark of the incremental load."""
    left_out: int = 0
    """Taken out by a step."""
    bad: list[str] = field(default_factory=list)
    """Why rows are bad, one reason each."""


@dataclass(frozen=True)
class Carried:
    """The rows that reach the destination, in order, and what became of the others."""

    rows: Rows
    tally: Tally


def carry(
    spec: PipelineSpec,
    layout: Layout,
    tables: Mapping[int, Sequence[Mapping[str, Any]]],
    *,
    mark: Any = None,
) -> Carried:
    """Carry rows from the source to the destination's door.

    Args:
        spec: the pipeline; its parts in prose are left out.
        layout: its columns.
        tables: the rows of the source (0) and of each joined table, by the number of its join.
        mark: the greatest value of the incremental column that was loaded before.
    """
    tally = Tally(read=len(tables[0]))
    rows = [dict(row) for row in tables[0]]
    for done, placed in enumerate(layout.steps):
        if done == layout.marked_after:
            rows = _newer(spec, rows, mark, tally)
        rows = _STEPS[type(placed.step)](placed, rows, tally, tables)
    if layout.marked_after >= len(layout.steps):
        rows = _newer(spec, rows, mark, tally)
    sound, bad = keep_sound(spec, rows)
    tally.bad += bad
    return Carried(sound, tally)


def load(spec: PipelineSpec, there: Rows, new: Rows) -> Rows:
    """What a destination holds after rows were loaded into it."""
    if isinstance(spec.destination, str) or spec.destination.mode == "replace":
        return list(new)
    if spec.destination.mode == "append":
        return [*there, *new]
    key = spec.destination.key
    held = {tuple(row[name] for name in key): row for row in [*there, *new]}
    return list(held.values())


def order(value: Any) -> tuple[bool, Any]:
    """What rows are sorted by: missing values come last."""
    return (value is None, 0 if value is None else value)


def greatest(rows: Iterable[Mapping[str, Any]], column: str) -> Any:
    """The greatest value of a column; None when there is none."""
    return max((row[column] for row in rows if row.get(column) is not None), default=None)


def _newer(spec: PipelineSpec, rows: Rows, mark: Any, tally: Tally) -> Rows:
    if spec.incremental is None or mark is None or isinstance(spec.destination, str):
        return rows
    column, again = spec.incremental.column, spec.destination.mode == "upsert"
    kept = [
        row
        for row in rows
        if row[column] is not None and (row[column] > mark or (again and row[column] == mark))
    ]
    tally.skipped += len(rows) - len(kept)
    return kept


def _left(rows: Rows, kept: Rows, tally: Tally) -> Rows:
    tally.left_out += len(rows) - len(kept)
    return kept


def _of(placed: Placed) -> Any:
    """The step itself; which one it is, the table below has looked up."""
    return placed.step


def _rename(placed: Placed, rows: Rows, *_: Any) -> Rows:
    names = _of(placed).columns
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def _cast(placed: Placed, rows: Rows, tally: Tally, *_: Any) -> Rows:
    kept = []
    for row in rows:
        values = {name: read(kind, row.get(name)) for name, kind in _of(placed).columns.items()}
        lost = [name for name, value in values.items() if value is None and row.get(name) is not None]
        if lost:
            tally.bad.append(lost[0])
        else:
            kept.append(row | values)
    return kept


def _drop_nulls(placed: Placed, rows: Rows, tally: Tally, *_: Any) -> Rows:
    columns = _of(placed).columns
    return _left(rows, [row for row in rows if all(row[name] is not None for name in columns or row)], tally)


def _drop_duplicates(placed: Placed, rows: Rows, tally: Tally, *_: Any) -> Rows:
    step = _of(placed)
    place: dict[tuple[Any, ...], int] = {}
    for number, row in enumerate(rows):
        key = tuple(row[name] for name in step.columns or sorted(row))
        if step.keep == "last" or key not in place:
            place[key] = number
    wanted = set(place.values())
    return _left(rows, [row for number, row in enumerate(rows) if number in wanted], tally)


def _filter(placed: Placed, rows: Rows, tally: Tally, *_: Any) -> Rows:
    condition = _of(placed).where.condition(placed.before)
    return _left(rows, [row for row in rows if evaluate(condition, row)], tally)


def _derive(placed: Placed, rows: Rows, *_: Any) -> Rows:
    step = _of(placed)
    tree, _ = step.expression.value(placed.before)
    return [row | {step.column: evaluate(tree, row)} for row in rows]


def _join(
    placed: Placed, rows: Rows, tally: Tally, tables: Mapping[int, Sequence[Mapping[str, Any]]]
) -> Rows:
    step = _of(placed)
    kinds = [placed.before[name] for name in step.on]
    theirs = list(step.on.values())
    found = {
        tuple(read(kind, row.get(name)) for kind, name in zip(kinds, theirs, strict=True)): row
        for row in tables.get(placed.number, ())
    }
    empty = {name: None for row in found.values() for name in row}
    kept = []
    for row in rows:
        match = found.get(tuple(row[name] for name in step.on))
        if match is not None or step.how == "left":
            new = {name: value for name, value in (match or empty).items() if name not in theirs}
            kept.append(row | new)
    return _left(rows, kept, tally)


def _aggregate(placed: Placed, rows: Rows, *_: Any) -> Rows:
    step = _of(placed)
    groups: dict[tuple[Any, ...], Rows] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in step.by), []).append(row)
    result = []
    for key in sorted(groups, key=lambda key: [order(value) for value in key]):
        one: Row = dict(zip(step.by, key, strict=True))
        for new, (function, column) in step.columns.items():
            values = (
                [row[column] for row in groups[key] if row[column] is not None] if column else groups[key]
            )
            one[new] = _AGGREGATES[function](values)
        result.append(one)
    return result


def _sort(placed: Placed, rows: Rows, *_: Any) -> Rows:
    step = _of(placed)
    for name, down in reversed(list(zip(step.columns, step.descending, strict=True))):
        there = sorted(
            (row for row in rows if row[name] is not None), key=lambda row: row[name], reverse=down
        )
        rows = there + [row for row in rows if row[name] is None]
    return rows


def _fill(placed: Placed, rows: Rows, *_: Any) -> Rows:
    filled = {name: read(placed.before[name], value) for name, value in _of(placed).columns.items()}
    return [row | {name: value for name, value in filled.items() if row[name] is None} for row in rows]


def _replace(placed: Placed, rows: Rows, *_: Any) -> Rows:
    step = _of(placed)
    kind = placed.before[step.column]
    new = {read(kind, old): read(kind, value) for old, value in step.values.items()}
    return [row | {step.column: new.get(row[step.column], row[step.column])} for row in rows]


def _select(placed: Placed, rows: Rows, *_: Any) -> Rows:
    return [{name: row[name] for name in _of(placed).columns} for row in rows]


_STEPS: Mapping[type, Callable[..., Rows]] = {
    s.Rename: _rename, s.Cast: _cast, s.DropNulls: _drop_nulls, s.DropDuplicates: _drop_duplicates,
    s.Filter: _filter, s.Derive: _derive, s.Join: _join, s.Aggregate: _aggregate, s.Sort: _sort,
    s.FillNulls: _fill, s.Replace: _replace, s.Select: _select,
}  # fmt: skip


def _sum(values: Sequence[Any]) -> Any:
    return sum(values[1:], start=values[0]) if values else 0


_AGGREGATES: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "sum": _sum,
    "mean": lambda values: float(sum(values)) / len(values) if values else None,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "count": len,
    "nunique": lambda values: len(set(values)),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
}
