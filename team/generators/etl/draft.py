"""A whole pipeline from templates: plan, tests, code, review."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from team.errors import SpecError
from team.generators.etl.expected import Expected
from team.generators.etl.functions import Functions
from team.generators.polish import polish
from team.pipelines import layout_of
from team.pipelines import steps as s
from team.pipelines.samples import Samples
from team.specs.pipeline import DestinationSpec, PipelineSpec, SourceSpec

_FOLDER = "drafts/etl"
_MODULES = (
    "__init__",
    "__main__",
    "errors",
    "config",
    "tally",
    "extract",
    "casting",
    "transform",
    "whole",
    "quality",
    "run",
)
_PAGES = (
    "README.md",
    "Dockerfile",
    "config.toml",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
)
_TESTS = ("tests/conftest.py", "tests/test_run.py", "tests/test_casting.py", "tests/test_command.py")
_SQL = {
    "text": "sa.Text()", "integer": "sa.BigInteger()", "number": "sa.Float()", "decimal": "sa.Numeric(24, 8)",
    "boolean": "sa.Boolean()", "date": "sa.Date()", "datetime": "sa.DateTime()",
}  # fmt: skip
_ARROW = {
    "text": "pa.string()", "integer": "pa.int64()", "number": "pa.float64()",
    "decimal": "pa.decimal128(38, 8)", "boolean": "pa.bool_()",
    "date": 'pa.timestamp("us")', "datetime": 'pa.timestamp("us")',
}  # fmt: skip


class EtlDraft:
    """Writes a whole pipeline from its spec; the same spec gives the same bytes.

    Raises:
        SpecError: source or destination are in prose, so no template can write it.
    """

    def __init__(self, spec: PipelineSpec) -> None:
        if isinstance(spec.source, str) or isinstance(spec.destination, str):
            what = "source" if isinstance(spec.source, str) else "destination"
            raise SpecError(
                f"the {what} is in prose, which no template can read", "name a model with --model"
            )
        self._spec = spec
        self._source: SourceSpec = spec.source
        self._destination: DestinationSpec = spec.destination
        self._layout = layout_of(spec)
        self._functions = Functions(self._layout, incremental=spec.incremental is not None)
        self._samples = Samples(spec, self._layout)

    def plan(self) -> str:
        """The steps, the decisions and what is left open, as Markdown."""
        return self._render("plan.md")

    def tests(self) -> dict[str, str]:
        """Test files: workspace path → text."""
        return polish({path: self._render(path) for path in _TESTS}, first_party="pipeline")

    def code(self) -> dict[str, str]:
        """All other files: workspace path → text."""
        files = {path: self._render(path) for path in _PAGES}
        files |= {f"pipeline/{name}.py": self._render(f"pipeline/{name}.py") for name in self._modules}
        load = "load_sql" if self._context["to_sql"] else "load_file"
        files["pipeline/load.py"] = self._render(f"pipeline/{load}.py")
        return polish(files | self._sample_files(), first_party="pipeline")

    def review(self, tree: Mapping[str, str]) -> list[str]:
        """What the spec asks for and the tree does not have, one sentence each."""
        problems = []
        for path in sorted(path for path in tree if path.endswith(".py")):
            try:
                ast.parse(tree[path])
            except (SyntaxError, ValueError, RecursionError):
                problems.append(f"{path} is not Python")
        if "pipeline/__main__.py" not in tree:
            problems.append("there is no `python -m pipeline`: pipeline/__main__.py is missing")
        return problems

    @property
    def _modules(self) -> tuple[str, ...]:
        return _MODULES

    def _render(self, path: str) -> str:
        import prompts

        return prompts.render(f"{_FOLDER}/{path}.j2", **self._context)

    def _sample_files(self) -> dict[str, str]:
        """Small files to try it with, where the source is made of files that are text."""
        files = {}
        tables = self._samples.tables(5)
        places = {0: self._source, **{lookup.number: lookup.source for lookup in self._functions.lookups}}
        for number, source in places.items():
            if (
                source.kind in ("csv", "json", "jsonl")
                and source.path
                and not source.path.startswith(("/", "~", ".."))
            ):
                files[sample_path(source.path)] = as_text(source.kind, tables[number])
        return files

    @cached_property
    def _context(self) -> dict[str, Any]:
        spec, source, destination, layout = self._spec, self._source, self._destination, self._layout
        lookups, whole = self._functions.lookups, set(self._functions.whole)
        unique = [check.column for check in spec.checks if check.rule == "unique"]
        to_sql = destination.kind == "sql"
        kinds = {source.kind, *(lookup.source.kind for lookup in lookups)}
        key = list(destination.key) if destination.mode == "upsert" else []
        remembers = spec.incremental is not None or destination.mode == "append"
        by_file = remembers and spec.incremental is None and source.kind != "sql"
        whole |= {"repeated"} if unique else set()
        whole |= {"newest", "known"} if key and not to_sql else set()
        slug = re.sub(r"\W+", "_", spec.name).strip("_").lower() or "pipeline"
        cast_kinds = {
            kind
            for placed in layout.steps
            if isinstance(placed.step, s.Cast)
            for kind in placed.step.columns.values()
        }
        cast_kinds |= {kind for lookup in lookups for kind in lookup.kinds.values()} - {"any", "text"}
        mark_kind = layout.final.get(spec.incremental.column, "text") if spec.incremental else ""
        mark_kind = "text" if mark_kind == "any" else mark_kind
        cast_kinds |= {mark_kind} if mark_kind else set()
        return {
            "title": spec.name,
            "slug": slug,
            "spec": spec,
            "source": source,
            "destination": destination,
            "to_sql": to_sql,
            "mode": destination.mode,
            "key": key,
            "policy": spec.on_bad_rows,
            "incremental": spec.incremental,
            "again": destination.mode == "upsert",
            "mark_kind": mark_kind,
            "remembers": remembers,
            "by_file": by_file,
            "source_place": source.path or source.url,
            "destination_place": destination.path or destination.url,
            "state_place": f"{destination.path}.state.json",
            "state_table": f"{slug}_state",
            "quarantine_place": f"quarantine/{slug}.jsonl",
            "lookups": lookups,
            "kinds": kinds,
            "files": kinds - {"sql"},
            "required": self._required,
            "needs_columns": bool(self._required),
            "cast_kinds": cast_kinds,
            "functions": self._functions.functions,
            "steps": self._functions.lines,
            "uses_config": bool(lookups),
            "has_whole": bool(self._functions.whole),
            "whole": whole,
            "unique": unique,
            "checked": self._checked(key),
            "final_names": tuple(layout.final),
            "sql_types": [
                (name, "sa.Float()" if kind == "decimal" and _is_sqlite(destination) else _SQL[kind])
                for name, kind in layout.final.items() if kind != "any"
            ],
            "arrow_types": [(name, _ARROW[kind]) for name, kind in layout.final.items() if kind != "any"],
            "one_to_one": not any(isinstance(p.step, s.Aggregate | s.Join) for p in layout.steps),
            "open_rules": spec.prose_rules(),
            "transformations": spec.transformations,
            "said": {
                "source": _place(source), "destination": _place(destination),
                "policy": _POLICY[spec.on_bad_rows],
            },
            "example": Expected(spec, layout, self._samples),
            "select_all": f'SELECT * FROM "{destination.table}"' if destination.table else "",
            "since_text": self._since(),
            "sample_path": sample_path,
            "as_text": as_text,
            "py": repr,
        }  # fmt: skip

    def _since(self) -> str:
        """The greatest value of the incremental column in the sample rows, as a person would write it."""
        mark = Expected(self._spec, self._layout, self._samples).mark
        return mark.isoformat(sep=" ") if hasattr(mark, "hour") else str(mark)

    @property
    def _required(self) -> list[str]:
        """The source's columns that must be there; those asked for after a join may be of either table."""
        return list(self._layout.source)

    def _checked(self, key: list[str]) -> list[dict[str, Any]]:
        """The columns with checks of single rows, as pandera writes them."""
        names = dict.fromkeys([*key, *(check.column for check in self._spec.checks)])
        columns = []
        for name in names:
            rules = [check for check in self._spec.checks if check.column == name]
            columns.append({
                "name": name,
                "nullable": name not in key and not any(check.rule == "not_null" for check in rules),
                "checks": [_pandera(check, self._layout.final.get(name, "any")) for check in rules
                           if check.rule not in ("unique", "not_null")],
            })  # fmt: skip
        return columns


_POLICY = {"quarantine": "set aside", "fail": "a reason to load nothing", "drop": "left out"}


def _pandera(check: Any, kind: str) -> str:
    from team.generators.etl.frames import literal
    from team.pipelines.values import read

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


def sample_path(pattern: str) -> str:
    """A path that a pattern matches."""
    return re.sub(r"\*+", "sample", pattern).replace("?", "1")


def as_text(kind: str, rows: list[dict[str, Any]]) -> str:
    """Rows as the content of a file."""
    if kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if kind == "json":
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if row.get(name) is None else row[name] for name in names} for row in rows)
    return text.getvalue()
