"""What the templates of a pipeline are told: every decision made, nothing left to compute."""

from __future__ import annotations

import re
from typing import Any

from team.generators.etl.expected import Expected
from team.generators.etl.frames import literal
from team.generators.etl.functions import Functions
from team.pipelines import steps as s
from team.pipelines.columns import Layout
from team.pipelines.samples import Samples
from team.pipelines.values import read
from team.specs.pipeline import CheckSpec, DestinationSpec, PipelineSpec, SourceSpec

_SQL = {
    "text": "sa.Text()", "integer": "sa.BigInteger()", "number": "sa.Float()", "decimal": "sa.Numeric(24, 8)",
    "boolean": "sa.Boolean()", "date": "sa.Date()", "datetime": "sa.DateTime()",
}  # fmt: skip
_ARROW = {
    "text": "pa.string()", "integer": "pa.int64()", "number": "pa.float64()",
    "decimal": "pa.decimal128(38, 8)", "boolean": "pa.bool_()",
    "date": 'pa.timestamp("us")', "datetime": 'pa.timestamp("us")',
}  # fmt: skip
_POLICY = {"quarantine": "set aside", "fail": "a reason to load nothing", "drop": "left out"}


class Context:
    """The variables of the templates, in groups.

    Args:
        spec: the pipeline; its source and its destination are structured.
        layout: the columns before and after each step.
        functions: the steps as source.
        samples: rows to try it with.
    """

    def __init__(self, spec: PipelineSpec, layout: Layout, functions: Functions, samples: Samples) -> None:
        assert isinstance(spec.source, SourceSpec)
        assert isinstance(spec.destination, DestinationSpec)
        self._spec = spec
        self._source = spec.source
        self._destination = spec.destination
        self._layout = layout
        self._functions = functions
        self._expected = Expected(spec, layout, samples)
        self._slug = re.sub(r"\W+", "_", spec.name).strip("_").lower() or "pipeline"
        self._to_sql = spec.destination.kind == "sql"
        self._key = list(spec.destination.key) if spec.destination.mode == "upsert" else []
        self._unique = [check.column for check in spec.checks if check.rule == "unique"]

    def variables(self) -> dict[str, Any]:
        """All of them by name."""
        return {
            **self._asked(), **self._said(), **self._places(), **self._loading(), **self._types(),
            **self._steps(), **self._examples(), "py": repr,
        }  # fmt: skip

    def _asked(self) -> dict[str, Any]:
        """The spec itself."""
        return {
            "title": self._spec.name,
            "spec": self._spec,
            "source": self._source,
            "destination": self._destination,
            "mode": self._destination.mode,
            "policy": self._spec.on_bad_rows,
            "incremental": self._spec.incremental,
            "transformations": self._spec.transformations,
            "open_rules": self._spec.prose_rules(),
        }

    def _said(self) -> dict[str, Any]:
        """Parts of the spec as they are said in a sentence."""
        source, destination = _place(self._source), _place(self._destination)
        return {
            "said": {"source": source, "destination": destination, "policy": _POLICY[self._spec.on_bad_rows]}
        }

    def _places(self) -> dict[str, Any]:
        """Where things lie unless the configuration says otherwise."""
        return {
            "source_place": self._source.path or self._source.url,
            "destination_place": self._destination.path or self._destination.url,
            "state_place": f"{self._destination.path}.state.json",
            "state_table": f"{self._slug}_state",
            "quarantine_place": f"quarantine/{self._slug}.jsonl",
        }

    def _loading(self) -> dict[str, Any]:
        """How rows are loaded, and what is remembered of it."""
        upserts = self._destination.mode == "upsert"
        remembers = self._spec.incremental is not None or self._destination.mode == "append"
        return {
            "to_sql": self._to_sql,
            "key": self._key,
            "again": upserts,
            "remembers": remembers,
            "by_file": remembers and self._spec.incremental is None and self._source.kind != "sql",
            "unique": self._unique,
            "checked": self._checked(),
        }

    def _checked(self) -> list[dict[str, Any]]:
        """The columns with checks of single rows, as pandera writes them."""
        names = dict.fromkeys([*self._key, *(check.column for check in self._spec.checks)])
        columns = []
        for name in names:
            rules = [check for check in self._spec.checks if check.column == name]
            columns.append({
                "name": name,
                "nullable": name not in self._key and not any(check.rule == "not_null" for check in rules),
                "checks": [_pandera(check, self._layout.final.get(name, "any")) for check in rules
                           if check.rule not in ("unique", "not_null")],
            })  # fmt: skip
        return columns

    def _types(self) -> dict[str, Any]:
        """What the columns hold; those asked for after a join may be of either table."""
        final = self._layout.final
        known = [(name, kind) for name, kind in final.items() if kind != "any"]
        mark = final.get(self._spec.incremental.column, "text") if self._spec.incremental else ""
        mark = "text" if mark == "any" else mark
        sql = _SQL | ({"decimal": "sa.Float()"} if _is_sqlite(self._destination) else {})
        return {
            "required": list(self._layout.source),
            "needs_columns": bool(self._layout.source),
            "final_names": tuple(final),
            "sql_types": [(name, sql[kind]) for name, kind in known],
            "arrow_types": [(name, _ARROW[kind]) for name, kind in known],
            "mark_kind": mark,
            "cast_kinds": self._cast_kinds() | ({mark} if mark else set()),
        }

    def _cast_kinds(self) -> set[str]:
        """The types that texts are read as."""
        casts = [placed.step for placed in self._layout.steps if isinstance(placed.step, s.Cast)]
        joined = {kind for lookup in self._functions.lookups for kind in lookup.kinds.values()}
        return {kind for cast in casts for kind in cast.columns.values()} | (joined - {"any", "text"})

    def _steps(self) -> dict[str, Any]:
        """The steps as source, and what they need."""
        lookups = self._functions.lookups
        kinds = {self._source.kind, *(lookup.source.kind for lookup in lookups)}
        whole = set(self._functions.whole) | ({"repeated"} if self._unique else set())
        whole |= {"newest", "known"} if self._key and not self._to_sql else set()
        return {
            "lookups": lookups,
            "kinds": kinds,
            "files": kinds - {"sql"},
            "functions": self._functions.functions,
            "steps": self._functions.lines,
            "uses_config": bool(lookups),
            "has_whole": bool(self._functions.whole),
            "whole": whole,
            "one_to_one": not any(isinstance(p.step, s.Aggregate | s.Join) for p in self._layout.steps),
        }

    def _examples(self) -> dict[str, Any]:
        """What the tests are about."""
        table, mark = self._destination.table, self._expected.mark
        return {
            "example": self._expected,
            "select_all": f'SELECT * FROM "{table}"' if table else "",
            # The greatest value of the incremental column, as a person would write it.
            "since_text": mark.isoformat(sep=" ") if hasattr(mark, "hour") else str(mark),
        }


def _pandera(check: CheckSpec, kind: str) -> str:
    if check.rule == "matches":
        return f"pa.Check.str_matches({f'(?:{check.value})$'!r})"
    if check.rule == "in":
        return f"pa.Check.isin([{', '.join(literal(read(kind, value)) for value in check.value)}])"
    bound = literal(read(kind, check.value) if kind != "any" else check.value)
    return f"pa.Check.{'ge' if check.rule == 'min' else 'le'}({bound})"


def _is_sqlite(destination: DestinationSpec) -> bool:
    return bool(destination.url and destination.url.startswith("sqlite"))


def _place(part: SourceSpec | DestinationSpec) -> str:
    if part.kind == "sql":
        return f"the table {part.table}" if isinstance(part, DestinationSpec) else "a database"
    return f"{part.path} ({part.kind})"
