"""`devteam etl`: a source, transformations, a destination, checks; each structured or in prose."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from team.specs.base import Kind, Spec, StrictModel, suggestion

FILE_KINDS = ("csv", "json", "jsonl", "parquet")
SOURCE_KINDS = (*FILE_KINDS, "sql")
OPERATIONS: dict[str, frozenset[str]] = {
    "rename": frozenset({"columns"}), "cast": frozenset({"columns"}), "drop_nulls": frozenset(),
    "drop_duplicates": frozenset(), "filter": frozenset({"where"}),
    "derive": frozenset({"column", "expression"}), "select": frozenset({"columns"}),
    "join": frozenset({"with", "on"}),
    "aggregate": frozenset({"by", "columns"}), "sort": frozenset({"columns"}),
    "fill_nulls": frozenset({"columns"}), "replace": frozenset({"column", "values"}),
}  # fmt: skip
"""Every operation, and the keys that it cannot do without."""

_OPTIONAL = {"drop_nulls": {"columns"}, "drop_duplicates": {"columns", "keep"}, "join": {"how"},
             "sort": {"descending"}}  # fmt: skip


class SourceSpec(StrictModel):
    """Where rows come from."""

    kind: Literal["csv", "json", "jsonl", "parquet", "sql"]
    path: str | None = None
    url: str | None = None
    query: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "sql" and not (self.url and self.query):
            raise ValueError("a sql source needs url and query")
        if self.kind != "sql" and not self.path:
            raise ValueError(f"a {self.kind} source needs path")
        return self


class DestinationSpec(StrictModel):
    """Where rows go."""

    kind: Literal["sql", "parquet", "csv"]
    url: str | None = None
    table: str | None = None
    path: str | None = None
    mode: Literal["append", "replace", "upsert"] = "append"
    key: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "sql" and not (self.url and self.table):
            raise ValueError("a sql destination needs url and table")
        if self.kind != "sql" and not self.path:
            raise ValueError(f"a {self.kind} destination needs path")
        if self.mode == "upsert" and not self.key:
            raise ValueError("mode upsert needs key: the columns that tell rows apart")
        return self


class CheckSpec(StrictModel):
    """What must hold of a column."""

    column: str
    rule: Literal["unique", "not_null", "min", "max", "in", "matches"]
    value: Any = None

    @model_validator(mode="after")
    def _has_value(self) -> Self:
        if self.rule in ("min", "max", "in", "matches") and self.value is None:
            raise ValueError(f"the check {self.rule} of {self.column} needs a value")
        return self


class IncrementalSpec(StrictModel):
    """The column whose greatest value tells what was loaded already."""

    column: str


class PipelineSpec(Spec):
    """A pipeline from a source to a destination."""

    kind: ClassVar[Kind] = "etl"

    name: str = "pipeline"
    source: SourceSpec | str
    transformations: tuple[dict[str, Any] | str, ...] = ()
    destination: DestinationSpec | str
    incremental: IncrementalSpec | None = None
    checks: tuple[CheckSpec, ...] = ()
    on_bad_rows: Literal["quarantine", "fail", "drop"] = "quarantine"

    @field_validator("source", mode="before")
    @classmethod
    def _short_source(cls, value: Any) -> Any:
        return short_source(value)

    @field_validator("transformations")
    @classmethod
    def _known_operations(cls, steps: tuple[dict[str, Any] | str, ...]) -> tuple[dict[str, Any] | str, ...]:
        for number, step in enumerate(steps, 1):
            if isinstance(step, dict):
                _check_operation(number, step)
        return steps

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        from team.pipelines import layout_of

        layout_of(self)
        if self.incremental and not isinstance(self.destination, str) and self.destination.mode == "replace":
            raise ValueError(
                "mode replace would keep only the newest rows of an incremental load; use upsert"
            )
        return self

    @property
    def title(self) -> str:
        """The pipeline's name."""
        return self.name

    def requirements_text(self) -> str:
        """Source, steps, destination and checks, as Markdown."""
        steps = "".join(f"{number}. {_words(step)}\n" for number, step in enumerate(self.transformations, 1))
        text = f"An ETL pipeline `{self.name}`, run by `python -m pipeline run`.\n"
        text += f"\nSource: {_words(self.source)}\n"
        text += f"\nTransformations:\n\n{steps}" if steps else ""
        text += f"\nDestination: {_words(self.destination)}\n"
        if self.incremental:
            text += f"\nIncremental by `{self.incremental.column}`.\n"
        if self.checks:
            text += "\nChecks:\n\n" + "".join(f"- {_words(check)}\n" for check in self.checks)
        return text + f"\nBad rows: {self.on_bad_rows}.\n"

    def prose_rules(self) -> tuple[str, ...]:
        """The parts in prose."""
        parts = (self.source, *self.transformations, self.destination)
        return tuple(part for part in parts if isinstance(part, str))


def short_source(value: Any) -> Any:
    """A source as a mapping, where it is written in short, such as ``csv:data/*.csv``."""
    if isinstance(value, str):
        kind, separator, path = value.partition(":")
        return {"kind": kind, "path": path} if separator and kind in FILE_KINDS else value
    return value


def _check_operation(number: int, step: dict[str, Any]) -> None:
    name = step.get("op")
    if name not in OPERATIONS:
        raise ValueError(f"transformation {number}: unknown op {name!r}; {suggestion(str(name), OPERATIONS)}")
    if missing := sorted(OPERATIONS[name] - step.keys()):
        raise ValueError(f"transformation {number}: {name} needs {missing[0]}")
    known = {"op"} | OPERATIONS[name] | _OPTIONAL.get(name, set())
    for key in step:
        if key not in known:
            hint = suggestion(key, sorted(known))
            raise ValueError(f"transformation {number}: unknown key {key!r} of {name}; {hint}")


def _words(part: Any) -> str:
    if isinstance(part, str):
        return part
    data = part.model_dump(mode="json", exclude_none=True) if isinstance(part, StrictModel) else part
    return f"`{json.dumps(data, ensure_ascii=False)}`"
