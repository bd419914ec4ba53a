"""Which columns there are at each step of a pipeline, and of what type.

A spec does not list the columns of its source. They are those that its steps ask for, and where nothing casts
them, their type follows from their use: what is computed with is a number. What is first asked for after a
join is taken for a column of the joined table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from team.pipelines import steps as s
from team.pipelines.formula_types import FormulaError
from team.pipelines.formulas import Formula
from team.pipelines.steps import Step, StepError, steps_of
from team.pipelines.values import read

if TYPE_CHECKING:
    from team.specs.pipeline import PipelineSpec

Columns = Mapping[str, str]
Origin = tuple[int, str]
"""A table (0: the source, else the number of the join that brings it) and a column of it."""


@dataclass(frozen=True)
class Placed:
    """A step, its number in the spec (0: it was not written there), and the columns before and after it."""

    number: int
    step: Step
    before: Columns
    after: Columns


@dataclass(frozen=True)
class Layout:
    """The columns of a pipeline from its source to its destination."""

    tables: Mapping[int, Columns]
    """The columns that must be in the source (0) and in each joined table, as they are read."""
    steps: tuple[Placed, ...]
    final: Columns
    """The columns that reach the destination; others may come along unless `closed`."""
    closed: bool
    """Whether no other columns can reach the destination."""
    marked_after: int
    """After how many of the steps the column of the incremental load is what it will be."""

    @property
    def source(self) -> Columns:
        """The columns that the source must have."""
        return self.tables[0]


class _Walk:
    """One walk along the steps; what a step asks for and nobody made must come from a table."""

    def __init__(self, demanded: dict[Origin, str], *, collecting: bool) -> None:
        self.demanded = demanded
        """Column of a table → the type that its use asks for."""
        self.collecting = collecting
        self.tables: dict[int, dict[str, str]] = {0: {}}
        self.columns: dict[str, str] = {}
        self.closed = False
        self._origin: dict[str, Origin] = {}
        self._gone: dict[str, str] = {}
        self._defaults: dict[int, str] = {}

    def open_table(self, number: int, kind: str) -> None:
        """From here on, unknown columns are of this table."""
        self._defaults[number] = "text" if kind == "csv" else "any"
        self.tables.setdefault(number, {})

    def need(self, names: Iterable[str], kind: str = "") -> None:
        """Columns that must be there, of a type if their type is open.

        Raises:
            StepError: there is no such column, and no table can have it.
        """
        for name in names:
            if name not in self.columns:
                self._ask_a_table(name)
            origin = self._origin.get(name)
            if kind and origin and self.columns[name] == self._defaults[origin[0]]:
                self.demanded.setdefault(origin, kind)

    def _ask_a_table(self, name: str) -> None:
        if self.closed or name in self._gone:
            why = f": {self._gone[name]}" if name in self._gone else f"; there are {', '.join(self.columns)}"
            raise StepError(f"there is no column {name!r} here{why}")
        self.add(max(self._defaults), name)

    def add(self, table: int, name: str) -> None:
        """A column of a table, as it is read there."""
        self.tables[table][name] = self.columns[name] = self._defaults[table]
        self._origin[name] = (table, name)

    def make(self, name: str, kind: str) -> None:
        """A column that a step makes, or makes anew."""
        self.columns[name] = kind
        self._origin.pop(name, None)
        self._gone.pop(name, None)

    def only(self, columns: dict[str, str]) -> None:
        """From here on, there are these columns and no others."""
        self.columns = columns
        self._origin = {name: origin for name, origin in self._origin.items() if name in columns}
        self.closed = True

    def rename(self, names: Mapping[str, str]) -> None:
        """Other names for columns."""
        self.need(names)
        for new in names.values():
            if new in set(self.columns) - set(names):
                raise StepError(f"there is a column {new!r} already")
        self.columns = {names.get(name, name): kind for name, kind in self.columns.items()}
        self._origin = {names.get(name, name): origin for name, origin in self._origin.items()}
        self._gone |= {old: f"it is called {new!r} now" for old, new in names.items()}
        for new in names.values():
            self._gone.pop(new, None)

    def formula(self, formula: Formula, check: Callable[[], Any]) -> Any:
        """What a check of a formula says. While types are collected, it may not fit yet."""
        self.need(formula.names)
        self.need(sorted(formula.numeric_names()), "number")
        try:
            return check()
        except FormulaError as error:
            if self.collecting:
                return None
            raise StepError(str(error)) from error


def _cast(walk: _Walk, step: s.Cast) -> None:
    walk.need(step.columns)
    for name, kind in step.columns.items():
        walk.make(name, kind)


def _derive(walk: _Walk, step: s.Derive) -> None:
    known = walk.formula(step.expression, lambda: step.expression.value(walk.columns))
    walk.make(step.column, known[1] if known else "any")


def _aggregate(walk: _Walk, step: s.Aggregate) -> None:
    walk.need(step.by)
    kinds = {name: walk.columns[name] for name in step.by}
    for new, (function, column) in step.columns.items():
        if new in step.by:
            raise StepError(f"{new!r} is a column of by, too")
        if column:
            walk.need([column], "number" if function in ("sum", "mean") else "")
        kinds[new] = _aggregated(function, walk.columns.get(column, ""))
    walk.only(kinds)


def _aggregated(function: str, kind: str) -> str:
    if function in ("count", "nunique"):
        return "integer"
    return "number" if function == "mean" else kind


def _fill(walk: _Walk, step: s.FillNulls) -> None:
    for name, value in step.columns.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        walk.need([name], "number" if is_number else "")
        kind = walk.columns[name]
        if not walk.collecting and kind != "any" and read(kind, value) is None:
            raise StepError(f"{value!r} is no value of {name!r}, which is {kind}")


def _select(walk: _Walk, step: s.Select) -> None:
    walk.need(step.columns)
    walk.only({name: walk.columns[name] for name in step.columns})


_STEPS: Mapping[type, Callable[[_Walk, Any], None]] = {
    s.Rename: lambda walk, step: walk.rename(step.columns),
    s.Cast: _cast,
    s.DropNulls: lambda walk, step: walk.need(step.columns),
    s.DropDuplicates: lambda walk, step: walk.need(step.columns),
    s.Filter: lambda walk, step: walk.formula(step.where, lambda: step.where.condition(walk.columns)),
    s.Derive: _derive,
    s.Select: _select,
    s.Join: lambda walk, step: walk.need(step.on),
    s.Aggregate: _aggregate,
    s.Sort: lambda walk, step: walk.need(step.columns),
    s.FillNulls: _fill,
    s.Replace: lambda walk, step: walk.need([step.column]),
}


@dataclass
class _Route:
    """The steps with their columns, as one walk found them."""

    placed: list[Placed] = field(default_factory=list)
    marked_after: int = 0


def layout_of(spec: PipelineSpec) -> Layout:
    """The columns of a pipeline at each step.

    Raises:
        StepError: a step asks for what there is not.
    """
    written = list(steps_of(spec.transformations))
    demanded: dict[Origin, str] = {}
    collecting = _Walk(demanded, collecting=True)
    _go(collecting, spec, written)
    walk = _Walk({}, collecting=False)
    route = _go(walk, spec, _with_casts(written, demanded), collecting.tables)
    return Layout(walk.tables, tuple(route.placed), walk.columns, walk.closed, route.marked_after)


def _with_casts(steps: list[tuple[int, Step]], demanded: Mapping[Origin, str]) -> list[tuple[int, Step]]:
    """The steps with the casts that nobody wrote, each where its table begins."""
    casts: dict[int, dict[str, str]] = {}
    for (table, name), kind in demanded.items():
        casts.setdefault(table, {})[name] = kind
    found: list[tuple[int, Step]] = [(0, s.Cast(casts[0]))] if 0 in casts else []
    for number, step in steps:
        found.append((number, step))
        if isinstance(step, s.Join) and number in casts:
            found.append((0, s.Cast(casts[number])))
    return found


def _go(
    walk: _Walk,
    spec: PipelineSpec,
    steps: Iterable[tuple[int, Step]],
    tables: Mapping[int, Columns] | None = None,
) -> _Route:
    """Walk along all steps; `tables` are the columns of the tables, where they are known already."""
    known = tables or {}
    route = _Route()
    mark = spec.incremental.column if spec.incremental else ""
    _open(walk, 0, "csv" if isinstance(spec.source, str) else spec.source.kind, known)
    for number, step in steps:
        before = dict(walk.columns)
        try:
            _STEPS[type(step)](walk, step)
            if isinstance(step, s.Join):
                _open(walk, number, step.source.kind, known)
        except StepError as error:
            raise StepError(f"transformation {number}: {error}") from error
        route.placed.append(Placed(number, step, before, dict(walk.columns)))
        changed = mark and walk.columns.get(mark) not in (None, before.get(mark))
        if changed and not isinstance(step, s.Aggregate):
            route.marked_after = len(route.placed)
    _at_the_end(walk, spec, mark and mark not in {name for each in route.placed for name in each.after})
    return route


def _open(walk: _Walk, table: int, kind: str, known: Mapping[int, Columns]) -> None:
    walk.open_table(table, kind)
    for name in known.get(table, ()):
        walk.add(table, name)


def _at_the_end(walk: _Walk, spec: PipelineSpec, mark_is_new: object) -> None:
    """What checks, the destination and the incremental load need."""
    needs: list[tuple[str, Iterable[str], str]] = []
    if spec.incremental and mark_is_new:
        needs.append(("incremental", [spec.incremental.column], ""))
    for check in spec.checks:
        numeric = isinstance(check.value, int | float) and check.rule in ("min", "max")
        needs.append((f"the check {check.rule}", [check.column], "number" if numeric else ""))
    if not isinstance(spec.destination, str):
        needs.append(("the destination's key", spec.destination.key, ""))
    for who, names, kind in needs:
        try:
            walk.need(names, kind)
        except StepError as error:
            raise StepError(f"{who}: {error}") from error
