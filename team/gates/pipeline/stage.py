"""A place to run a pipeline: a copy of its code, a source of ours, and a look at its destination."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from executors.base import Outcome
from executors.scratch import ScratchFolder
from executors.warm import WarmExecutor
from team.gates import warmth
from team.gates.base import Target, ToolFailed
from team.gates.reading import FileFacts
from team.gates.runner import command
from team.gates.target import regular_files
from team.gates.testrun import empty_folder
from team.gates.trees import copy_tree, read_plain
from team.pipelines import Layout
from team.pipelines import steps as s
from team.specs.pipeline import DestinationSpec, PipelineSpec, SourceSpec

Row = Mapping[str, Any]
MOST_ROWS = 500
_SQLITE = re.compile(r"sqlite(\+pysqlite)?:///(?P<path>[^/?:][^?]*)")
_SIMPLE_QUERY = re.compile(r"\s*select\s+[\w\s,\"*]+?\s+from\s+\"?(?P<table>\w+)\"?\s*;?\s*", re.IGNORECASE)
_PREPARE = """
import json, pathlib, sys
import pandas
for path, rows in json.load(sys.stdin).items():
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pandas.DataFrame(rows).to_parquet(path)
"""


@dataclass(frozen=True)
class Held:
    """What a destination holds: how many rows, and the first of them with every value as text."""

    count: int
    rows: Sequence[Mapping[str, str | None]]


class Stage:
    """One folder in which a pipeline can be run again and again."""

    def __init__(
        self, target: Target, spec: PipelineSpec, layout: Layout, folder: Path, warm: WarmExecutor | None
    ) -> None:
        self._target = target
        self._warm = warm
        self._layout = layout
        self._folder = folder
        source, destination = spec.source, spec.destination
        if isinstance(source, str) or isinstance(destination, str):
            raise ValueError("a source or destination in prose cannot be staged")
        self._source: SourceSpec = source
        self._destination: DestinationSpec = destination
        self._joined = {p.number: p.step.source for p in layout.steps if isinstance(p.step, s.Join)}

    def deliver(self, tables: Mapping[int, Sequence[Row]], name: str = "1") -> None:
        """Put rows where the pipeline looks for them; with another name, as a further file of the source.

        Raises:
            ToolFailed: they cannot be put there.
        """
        parquet: dict[str, Sequence[Row]] = {}
        for number, rows in tables.items():
            source = self._source if number == 0 else self._joined[number]
            if source.kind == "sql":
                self._fill_table(source, rows)
                continue
            path = _named(str(source.path), name)
            if source.kind == "parquet":
                parquet[path] = rows
            else:
                self._write(path, content_of(source.kind, rows))
        if parquet:
            line = ["python", "-I", "-c", _PREPARE]
            with self._target.sandbox.over(self._folder) as sandbox:
                done = sandbox.run(line, stdin=json.dumps(parquet, default=str).encode())
            if not done.ok:
                raise ToolFailed(f"the source cannot be written: {done.output[-500:]}")

    def run(self, *, seconds: float | None = None) -> Outcome:
        """Run the pipeline; `seconds` is when it is killed."""
        return self._run(["-m", "pipeline", "run"], seconds)

    def run_code(self, code: str) -> Outcome:
        """Run Python code of ours where the pipeline runs."""
        return self._run(["-c", code])

    def _run(self, program: Sequence[str], seconds: float | None = None) -> Outcome:
        bounds = {"wall_seconds": seconds or self._target.settings.timeout}
        with (self._warm or self._target.sandbox).over(self._folder) as sandbox:
            limits = self._target.sandbox.limits.model_copy(update=bounds)
            return sandbox.run(["python", "-s", *program], limits=limits)

    def held(self) -> Held:
        """What the destination holds now, read where nothing of the pipeline is.

        Raises:
            ToolFailed: it cannot be read.
        """
        to = self._destination
        path = sqlite_path(to.url) if to.kind == "sql" else to.path
        with ScratchFolder("check-destination") as folder:
            for suffix in ("", "-wal", "-journal", "-shm"):
                content = read_plain(self._folder / f"{path}{suffix}")
                if content is not None:
                    (folder / f"held{suffix}").write_bytes(content)
            job = {"kind": to.kind, "path": "held", "table": to.table or "", "most": MOST_ROWS}
            with self._target.sandbox.over(folder) as sandbox:
                done = sandbox.run(command("read_rows"), stdin=json.dumps(job).encode())
        try:
            told = json.loads(done.output)
            return Held(int(told["count"]), told["rows"])
        except (ValueError, KeyError, TypeError) as error:
            raise ToolFailed(f"the destination cannot be read: {done.output[-500:]}") from error

    def _fill_table(self, source: SourceSpec, rows: Sequence[Row]) -> None:
        path = self._folder / str(sqlite_path(source.url))
        table = str(table_of(source.query))
        names = list(dict.fromkeys(name for row in rows for name in row))
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as database, database:
            columns = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
            database.execute(f'DROP TABLE IF EXISTS "{table}"')
            database.execute(f'CREATE TABLE "{table}" ({columns})')
            marks = ", ".join("?" * len(names))
            database.executemany(
                f'INSERT INTO "{table}" VALUES ({marks})',
                [[_stored(row.get(name)) for name in names] for row in rows],
            )

    def _write(self, path: str, text: str) -> None:
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


@contextmanager
def staged(
    target: Target, spec: PipelineSpec, layout: Layout, facts: Mapping[str, FileFacts] | None
) -> Iterator[Stage]:
    """A stage with the tree's code and none of its data; it is removed at the end.

    Args:
        target: the tree.
        spec: the pipeline.
        layout: its columns.
        facts: what is known of the tree's files, for runs in forks of a warm process; None for runs
            that had better be alone, as those that are to be killed.
    """
    forks = None if facts is None else warmth.for_probes(target, facts)
    with empty_folder(forks) as folder:
        wanted = [path for path in regular_files(target.root) if _is_code(path, spec.source)]
        copy_tree(target.root, wanted, folder)
        yield Stage(target, spec, layout, folder, forks)


def why_not(spec: PipelineSpec, layout: Layout) -> str | None:
    """Why a pipeline cannot be staged here; None when it can."""
    if isinstance(spec.source, str) or isinstance(spec.destination, str):
        return "its source or destination is in prose"
    if spec.prose_rules():
        return "some of its steps are in prose: what must arrive is not known"
    joined = [p.step.source for p in layout.steps if isinstance(p.step, s.Join)]
    parts: list[SourceSpec | DestinationSpec] = [spec.source, spec.destination, *joined]
    for part in parts:
        if part.kind == "sql" and sqlite_path(part.url) is None:
            return "its database is not an SQLite file in the workspace"
        if part.kind == "sql" and isinstance(part, SourceSpec) and table_of(part.query) is None:
            return "its query is more than the columns of one table"
        if part.kind != "sql" and not _is_inside(str(part.path)):
            return f"{part.path} lies outside of the workspace"
    return None


def sqlite_path(url: str | None) -> str | None:
    """The path of an SQLite file in the workspace."""
    found = _SQLITE.fullmatch(url or "")
    return found["path"] if found and _is_inside(found["path"]) else None


def table_of(query: str | None) -> str | None:
    """The table of a query that only takes columns of one."""
    found = _SIMPLE_QUERY.fullmatch(query or "")
    return found["table"] if found else None


def content_of(kind: str, rows: Sequence[Row]) -> str:
    """Rows as the content of a text file."""
    if kind == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows)
    if kind == "json":
        return json.dumps(list(rows))
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if row.get(name) is None else row[name] for name in names] for row in rows)
    return text.getvalue()


def _named(pattern: str, name: str) -> str:
    return re.sub(r"\*+|\?", name, pattern)


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith(("/", "~")) and ".." not in parts and ":" not in parts[0]


def _is_code(path: str, source: Any) -> bool:
    """Whether a file is part of the program and none of the data that lies beside it."""
    if isinstance(source, SourceSpec) and source.path and PurePosixPath(path).match(source.path):
        return False
    return path.endswith((".py", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".sql"))


def _stored(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str) else str(value)
