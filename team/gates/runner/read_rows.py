"""Reads what a pipeline has written, with nothing of the pipeline around.

Input (stdin): ``{"kind": "sql"|"csv"|"parquet", "path": …, "table": …, "most": N}``. Prints one line of JSON:
how many rows there are, and the first of them, every value as text.
"""

from __future__ import annotations

import csv
import importlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any


def rows_of(kind: str, path: Path, table: str) -> Iterator[dict[str, Any]]:
    """The rows, one after another; none where there is no file or no table."""
    if not path.exists():
        return
    if kind == "csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from csv.DictReader(file)
    elif kind == "parquet":
        arrow = importlib.import_module("pyarrow.parquet")
        with arrow.ParquetFile(path) as parquet:
            for batch in parquet.iter_batches(10_000):
                yield from batch.to_pylist()
    else:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            known = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if (table,) not in known:
                return
            name = table.replace('"', '""')
            found = database.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in found.description]
            for row in found:
                yield dict(zip(columns, row, strict=True))


def main() -> None:
    """Read, count, and print."""
    job = json.load(sys.stdin)
    count, first = 0, []
    for row in rows_of(job["kind"], Path(job["path"]), job["table"]):
        count += 1
        if count <= job["most"]:
            first.append({str(name): None if value is None else str(value) for name, value in row.items()})
    print(json.dumps({"count": count, "rows": first}))


main()
