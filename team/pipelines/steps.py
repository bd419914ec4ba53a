"""The steps of a pipeline, from what its spec writes to what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from team.pipelines.formula_types import FormulaError
from team.pipelines.formulas import Formula
from team.pipelines.values import TYPES
from team.specs.base import suggestion

if TYPE_CHECKING:
    from team.specs.pipeline import SourceSpec

AGGREGATES = ("sum", "mean", "min", "max", "count", "nunique", "first", "last")
_CALL = re.compile(r"\s*(\w+)\s*\(\s*(.*?)\s*\)\s*")


class StepError(ValueError):
    """A step does not say what to do, or cannot be done where it stands."""


@dataclass(frozen=True)
class Rename:
    """Gives columns other names: old → new."""

    columns: Mapping[str, str]


@dataclass(frozen=True)
class Cast:
    """Reads columns as a type: column → type. A value that is not of it makes its row a bad one."""

    columns: Mapping[str, str]


@dataclass(frozen=True)
class DropNulls:
    """Leaves out rows in which one of these is missing; no columns: any."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class DropDuplicates:
    """Of rows that are alike in these columns, keeps the first or the last; no columns: in all."""

    columns: tuple[str, ...]
    keep: Literal["first", "last"]


@dataclass(frozen=True)
class Filter:
    """Keeps the rows for which a condition holds."""

    where: Formula


@dataclass(frozen=True)
class Derive:
    """Adds a column, or changes one."""

    column: str
    expression: Formula


@dataclass(frozen=True)
class Select:
    """Keeps these columns, in this order."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Join:
    """Adds the columns of a table that is read whole: `on` maps our columns to the table's."""

    source: SourceSpec
    on: Mapping[str, str]
    how: Literal["left", "inner"]


@dataclass(frozen=True)
class Aggregate:
    """One row for each group: new column → (function, column)."""

    by: tuple[str, ...]
    columns: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Sort:
    """Orders the rows; what is missing comes last. Rows that are alike keep their order."""

    columns: tuple[str, ...]
    descending: tuple[bool, ...]


@dataclass(frozen=True)
class FillNulls:
    """Puts values where they are missing: column → value."""

    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Replace:
    """Exchanges values of a column: old → new."""

    column: str
    values: Mapping[Any, Any]


Step = (
    Rename | Cast | DropNulls | DropDuplicates | Filter | Derive | Select | Join | Aggregate | Sort
    | FillNulls | Replace
)  # fmt: skip


def steps_of(transformations: Sequence[Mapping[str, Any] | str]) -> tuple[tuple[int, Step], ...]:
    """The structured transformations with their numbers, counted from 1; those in prose are left out.

    Raises:
        StepError: one of them does not say what to do.
    """
    steps = []
    for number, given in enumerate(transformations, 1):
        if isinstance(given, str):
            continue
        try:
            steps.append((number, _READERS[given["op"]](given)))
        except (StepError, FormulaError) as error:
            raise StepError(f"transformation {number}: {error}") from error
    return tuple(steps)


def _rename(given: Mapping[str, Any]) -> Rename:
    columns = {old: _name(new) for old, new in _mapping(given, "columns").items()}
    if len(set(columns.values())) < len(columns):
        raise StepError("two columns would have the same name")
    return Rename(columns)


def _cast(given: Mapping[str, Any]) -> Cast:
    columns = {}
    for column, word in _mapping(given, "columns").items():
        if word not in TYPES:
            raise StepError(f"unknown type {word!r} of {column}; {suggestion(str(word), TYPES)}")
        columns[column] = TYPES[word]
    return Cast(columns)


def _join(given: Mapping[str, Any]) -> Join:
    from pydantic import ValidationError

    from team.specs.pipeline import SourceSpec, short_source

    source = short_source(given["with"])
    try:
        table = SourceSpec.model_validate(source)
    except ValidationError as error:
        raise StepError(f"with: {error.errors()[0]['msg']}") from error
    on = given["on"]
    pairs = dict(on) if isinstance(on, Mapping) else {name: name for name in _names(given, "on")}
    how = given.get("how", "left")
    if how not in ("left", "inner"):
        raise StepError(f"how {how!r} is not left or inner")
    return Join(table, {_name(ours): _name(theirs) for ours, theirs in pairs.items()}, how)


def _aggregate(given: Mapping[str, Any]) -> Aggregate:
    columns: dict[str, tuple[str, str]] = {}
    for name, asked in _mapping(given, "columns").items():
        several = asked if isinstance(asked, list) else [asked]
        for one in several:
            new = name if len(several) == 1 else f"{name}_{one}"
            columns[new] = _aggregation(name, one)
    return Aggregate(_names(given, "by"), columns)


def _aggregation(name: str, asked: Any) -> tuple[str, str]:
    """``sum``, ``sum(amount)``, or ``{column: amount, function: sum}``."""
    function, column = asked, name
    if isinstance(asked, Mapping):
        function, column = asked.get("function"), asked.get("column", name)
    elif isinstance(asked, str) and (call := _CALL.fullmatch(asked)):
        function, column = call[1], call[2].strip("`") or name
    function = {"avg": "mean", "average": "mean", "count_distinct": "nunique"}.get(function, function)
    if function not in AGGREGATES:
        raise StepError(f"unknown function {function!r} of {name}; {suggestion(str(function), AGGREGATES)}")
    return str(function), "" if function == "count" and column == "*" else _name(column)


def _sort(given: Mapping[str, Any]) -> Sort:
    columns = _names(given, "columns")
    descending = given.get("descending", False)
    flags = tuple(descending) if isinstance(descending, list) else (descending,) * len(columns)
    if len(flags) != len(columns) or not all(isinstance(flag, bool) for flag in flags):
        raise StepError("descending is true or false, or a list with one of these for each column")
    return Sort(columns, flags)


def _drop_duplicates(given: Mapping[str, Any]) -> DropDuplicates:
    keep = given.get("keep", "first")
    if keep not in ("first", "last"):
        raise StepError(f"keep {keep!r} is not first or last")
    return DropDuplicates(_names(given, "columns", optional=True), keep)


def _replace(given: Mapping[str, Any]) -> Replace:
    return Replace(_name(given["column"]), _mapping(given, "values"))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Step]] = {
    "rename": _rename,
    "cast": _cast,
    "drop_nulls": lambda given: DropNulls(_names(given, "columns", optional=True)),
    "drop_duplicates": _drop_duplicates,
    "filter": lambda given: Filter(Formula.parse(_name(given["where"]))),
    "derive": lambda given: Derive(_name(given["column"]), Formula.parse(str(given["expression"]))),
    "select": lambda given: Select(_names(given, "columns")),
    "join": _join,
    "aggregate": _aggregate,
    "sort": _sort,
    "fill_nulls": lambda given: FillNulls(_mapping(given, "columns")),
    "replace": _replace,
}


def _mapping(given: Mapping[str, Any], key: str) -> Mapping[Any, Any]:
    value = given[key]
    if not isinstance(value, Mapping) or not value:
        raise StepError(f"{key} is a mapping, such as {{name: …}}")
    return value


def _names(given: Mapping[str, Any], key: str, *, optional: bool = False) -> tuple[str, ...]:
    value = given.get(key, [])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not (listed or optional):
        raise StepError(f"{key} is a list of columns")
    names = tuple(_name(name) for name in listed)
    if len(set(names)) < len(names):
        raise StepError(f"{key} names a column twice")
    return names


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise StepError(f"{value!r} is not a name")
    return value
