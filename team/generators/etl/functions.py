"""The steps of a pipeline as functions over data frames, and the lines that call them in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from team.generators.etl import frames
from team.pipelines import steps as s
from team.pipelines.columns import Layout, Placed
from team.pipelines.values import read

_CALL = "chunks = ({name}(chunk{more}) for chunk in chunks)"


_RESERVED = frozenset({
    "transform", "newer", "read_mark", "cast", "read", "read_as", "typed", "sort", "summarize",
    "drop_duplicates", "extract", "pd", "chunks", "chunk", "frame", "tally", "config", "folder", "mark",
    "files", "digest", "source", "destination", "report", "state", "quarantine", "attempts", "load",
})  # fmt: skip
"""Names that the modules use already."""


@dataclass(frozen=True)
class Function:
    """A function of one step: its name, what it takes, what it does, and its body."""

    name: str
    doc: str
    body: tuple[str, ...]
    takes: tuple[str, ...] = ()
    """What it takes beside the frame: ``tally``, or a joined table."""

    @property
    def parameters(self) -> str:
        """Its parameters as source."""
        kinds = {"tally": "Tally"}
        more = [f"{name}: {kinds.get(name, 'pd.DataFrame')}" for name in self.takes]
        return ", ".join(["frame: pd.DataFrame", *more])

    @property
    def call(self) -> str:
        """The line that puts every chunk through it."""
        return _CALL.format(name=self.name, more="".join(f", {name}" for name in self.takes))


@dataclass(frozen=True)
class Lookup:
    """A table that rows are joined to."""

    number: int
    name: str
    step: s.Join
    kinds: Mapping[str, str]
    """Our key columns and their types."""

    @property
    def source(self) -> Any:
        """Where it comes from."""
        return self.step.source

    @property
    def place(self) -> str:
        """Its path or its database."""
        return self.step.source.path or self.step.source.url or ""

    @property
    def keys(self) -> list[str]:
        """Its own names of the key columns."""
        return list(self.step.on.values())

    @property
    def ours(self) -> list[str]:
        """Our names of the key columns."""
        return list(self.step.on)

    @property
    def renamed(self) -> dict[str, str]:
        """Its names → ours, where they differ."""
        return {theirs: ours for ours, theirs in self.step.on.items() if ours != theirs}


@dataclass
class Functions:
    """All functions of a pipeline, with names that differ."""

    layout: Layout
    incremental: bool
    functions: list[Function] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)
    _taken: set[str] = field(default_factory=lambda: set(_RESERVED))

    def __post_init__(self) -> None:
        for done, placed in enumerate(self.layout.steps):
            self._mark(done)
            _STEPS[type(placed.step)](self, placed)
        self._mark(len(self.layout.steps))
        if not {"first", "last"} <= self.whole:
            self.lines = [re.sub(r" keep='\w+',", "", line) for line in self.lines]

    def _mark(self, done: int) -> None:
        if self.incremental and done == min(self.layout.marked_after, len(self.layout.steps)):
            self.lines.append("chunks = (newer(chunk, mark, tally) for chunk in chunks)")

    def name(self, wanted: str) -> str:
        """A name for a function that no other one has."""
        base = re.sub(r"\W+", "_", wanted).strip("_").lower()[:40] or "step"
        name, number = base, 2
        while name in self._taken or not name.isidentifier():
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name

    def add(self, wanted: str, doc: str, *body: str, takes: tuple[str, ...] = ()) -> None:
        """A function for every chunk."""
        function = Function(self.name(wanted), doc, body, takes)
        self.functions.append(function)
        self.lines.append(function.call)

    def folder(self) -> str:
        """A folder for a step that needs all rows."""
        return f'folder / "step-{len(self.lines)}"'


def _rename(to: Functions, placed: Placed) -> None:
    names = dict(_step(placed).columns)
    to.add("rename_columns", "Better names.", f"return frame.rename(columns={names!r})")


def _cast(to: Functions, placed: Placed) -> None:
    kinds = dict(_step(placed).columns)
    why = "Reads values as what they are." if placed.number else "Reads as numbers what is computed with."
    to.add("cast_types", why, f"return cast(frame, {kinds!r}, tally)", takes=("tally",))


def _drop_nulls(to: Functions, placed: Placed) -> None:
    columns = list(_step(placed).columns)
    said = " or ".join(columns) if columns else "a value"
    there = f"frame[{columns!r}].notna().all(axis=1)" if columns else "frame.notna().all(axis=1)"
    if len(columns) == 1:
        there = f"frame[{columns[0]!r}].notna()"
    body = f"return tally.keep(frame, {there}, {f'{said} is missing'!r})"
    name = f"require_{'_and_'.join(columns)}" if columns else "require_all_values"
    to.add(name, f"Rows in which {said} is missing are left out.", body, takes=("tally",))


def _filter(to: Functions, placed: Placed) -> None:
    formula = _step(placed).where
    condition = frames.condition(formula.condition(placed.before))
    to.add(
        f"keep_by_{'_and_'.join(formula.names)}",
        "Only some rows are wanted.",
        f"wanted = {condition}",
        f"return tally.keep(frame, wanted, {f'not {formula.text}'!r})",
        takes=("tally",),
    )


def _derive(to: Functions, placed: Placed) -> None:
    step = _step(placed)
    source = frames.value(*step.expression.value(placed.before))
    simple = step.column.isidentifier() and step.column not in ("self",)
    given = f"{step.column}={source}" if simple else f"**{{{step.column!r}: {source}}}"
    to.add(
        f"add_{step.column}",
        _sentence(f"{step.column} = {step.expression.text}"),
        f"return frame.assign({given})",
    )


def _select(to: Functions, placed: Placed) -> None:
    to.add("select_columns", "What the destination gets.", f"return frame[{list(_step(placed).columns)!r}]")


def _fill(to: Functions, placed: Placed) -> None:
    values = {name: read(placed.before[name], value) for name, value in _step(placed).columns.items()}
    given = ", ".join(f"{name!r}: {frames.literal(value)}" for name, value in values.items())
    to.add(f"fill_{'_and_'.join(values)}", "Values for what is missing.", f"return frame.fillna({{{given}}})")


def _replace(to: Functions, placed: Placed) -> None:
    step = _step(placed)
    kind = placed.before[step.column]
    pairs = {read(kind, old): read(kind, new) for old, new in step.values.items()}
    given = ", ".join(f"{frames.literal(old)}: {frames.literal(new)}" for old, new in pairs.items())
    change = f"frame[{step.column!r}].replace({{{given}}})"
    simple = step.column.isidentifier() and step.column != "self"
    told = f"{step.column}={change}" if simple else f"**{{{step.column!r}: {change}}}"
    to.add(f"replace_{step.column}", f"Other values for {step.column}.", f"return frame.assign({told})")


def _join(to: Functions, placed: Placed) -> None:
    step = _step(placed)
    path = step.source.path or step.source.url or "table"
    name = to.name(re.sub(r"[-_*?.\d]+$", "", path.rsplit("/", 1)[-1].rsplit(".", 1)[0]) or "table")
    kinds = {ours: placed.before[ours] for ours in step.on}
    to.lookups.append(Lookup(placed.number, name, step, kinds))
    to.lines.append(f"{name} = extract.{name}(config)")
    for ours, kind in kinds.items():
        if kind not in ("text", "any"):
            to.lines.append(f"{name} = {name}.assign(**{{{ours!r}: read_as({name}[{ours!r}], {kind!r})}})")
    keys = list(step.on)
    body = [
        f"new = [name for name in {name} if name in {keys!r} or name not in frame]",
        f'joined = frame.merge({name}[new], on={keys!r}, how="left", indicator="found")',
    ]
    if step.how == "inner":
        body.append(f'joined = tally.keep(joined, joined["found"] == "both", "not in {name}")')
    body.append('return joined.drop(columns="found")')
    takes = (name, "tally") if step.how == "inner" else (name,)
    to.add(f"join_{name}", f"Adds the columns of {name}.", *body, takes=takes)


def _drop_duplicates(to: Functions, placed: Placed) -> None:
    step = _step(placed)
    to.whole |= {"duplicates", step.keep, "repeated" if step.keep == "first" else "newest"}
    how = f"{list(step.columns)!r}, keep={step.keep!r}, tally=tally, folder={to.folder()}"
    to.lines.append(f"chunks = drop_duplicates(chunks, {how})")


def _aggregate(to: Functions, placed: Placed) -> None:
    step = _step(placed)
    name = to.name(f"per_{'_and_'.join(step.by)}")
    to.whole.add("summarize")
    exact = sorted(
        {column for function, column in step.columns.values()
         if function == "mean" and placed.before.get(column) == "decimal"}
    )  # fmt: skip
    body = [
        f"frame = frame.assign(**{{{column!r}: frame[{column!r}].map(float, na_action='ignore')}})"
        for column in exact
    ]
    body.append(f"groups = frame.groupby({list(step.by)!r}, as_index=False, dropna=False)")
    named = []
    for new, (function, column) in step.columns.items():
        told = f"({(column or step.by[0])!r}, {(function if column else 'size')!r})"
        named.append((new, told))
    if all(new.isidentifier() for new, _ in named):
        body.append(f"return groups.agg({', '.join(f'{new}={told}' for new, told in named)})")
    else:
        body.append(f"return groups.agg(**{{{', '.join(f'{new!r}: {told}' for new, told in named)}}})")
    to.functions.append(Function(name, f"One row for each {' and '.join(step.by)}.", tuple(body)))
    to.lines.append(f"chunks = summarize(chunks, {list(step.by)!r}, {name}, {to.folder()})")


def _sort(to: Functions, placed: Placed) -> None:
    step = _step(placed)
    to.whole.add("sort")
    to.lines.append(
        f"chunks = sort(chunks, {list(step.columns)!r}, {list(step.descending)!r}, {to.folder()})"
    )


_STEPS: Mapping[type, Callable[[Functions, Placed], None]] = {
    s.Rename: _rename, s.Cast: _cast, s.DropNulls: _drop_nulls, s.Filter: _filter, s.Derive: _derive,
    s.Select: _select, s.FillNulls: _fill, s.Replace: _replace, s.Join: _join,
    s.DropDuplicates: _drop_duplicates, s.Aggregate: _aggregate, s.Sort: _sort,
}  # fmt: skip


def _step(placed: Placed) -> Any:
    """The step itself; which one it is, the table above has looked up."""
    return placed.step


def _sentence(text: str) -> str:
    clean = text.replace("\\", "/").replace('"""', "'''").replace("\n", " ").rstrip(" .")
    return f"{clean} ." if clean.endswith('"') else f"{clean}."
