"""Small files to try a drafted pipeline with."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from team.specs.pipeline import SourceSpec


def sample_files(
    sources: Mapping[int, SourceSpec], tables: Mapping[int, Sequence[Mapping[str, Any]]]
) -> dict[str, str]:
    """Workspace path → text, for the sources that are made of text files of the workspace.

    Args:
        sources: where each table comes from, by its number.
        tables: their rows.
    """
    return {
        sample_path(source.path): as_text(source.kind, tables[number])
        for number, source in sources.items()
        if source.kind in ("csv", "json", "jsonl")
        and source.path
        and not source.path.startswith(("/", "~", ".."))
    }


def sample_path(pattern: str) -> str:
    """A path that a pattern matches."""
    return re.sub(r"\*+", "sample", pattern).replace("?", "1")


def as_text(kind: str, rows: Sequence[Mapping[str, Any]]) -> str:
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
