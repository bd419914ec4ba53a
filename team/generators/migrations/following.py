"""The migration that follows those that are there."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from team.errors import SpecError
from team.generators.migrations.changes import Filler, steps
from team.generators.migrations.revisions import FOLDER, Revision, first_revision
from team.generators.migrations.tables import Table
from team.generators.polish import polish

_FILLED = {
    "sa.Boolean": "false", "sa.DateTime": "CURRENT_TIMESTAMP", "sa.Date": "CURRENT_DATE",
    "sa.Uuid": "'00000000000000000000000000000000'", "sa.JSON": "'{}'", "sa.Text": "''", "sa.String": "''",
}  # fmt: skip


def following(
    was: list[Table], now: list[Table], forth: Filler, back: Filler, existing: Mapping[str, str]
) -> dict[str, str]:
    """The migration from some tables to others: its workspace path → its text; empty when none is needed.

    Args:
        was: the tables that the existing migrations make.
        now: the tables as they are to be.
        forth: values for rows that lack one on the way there.
        back: the same on the way back.
        existing: workspace path → text of the migrations that are there; other files are passed over.

    Raises:
        SpecError: the existing migrations have several heads.
    """
    found = {path: text for path, text in existing.items() if _is_revision(path)}
    if not found:
        first = first_revision(now)
        return polish({first.path: first.source()})
    upgrade = steps(was, now, forth)
    if not upgrade:
        return {}
    number, head = _newest(found)
    revision = Revision(number + 1, _title(was, now), upgrade, steps(now, was, back), head)
    return polish({revision.path: revision.source()})


def neutral(tables: list[Table]) -> Filler:
    """Values that say nothing, by the types of columns: what rows get of which no spec gives an example."""
    by_name = {table.name: table for table in tables}

    def fill(table: str, column: str) -> str:
        within = by_name[table]
        key = next((key for key in within.foreign_keys if key.column == column), None)
        if key is not None:
            return f"(SELECT min({key.target}) FROM {key.table})"
        kind = next(each.type for each in within.columns if each.name == column).partition("(")[0]
        return _FILLED.get(kind, "0")

    return fill


def _is_revision(path: str) -> bool:
    return path.startswith(f"{FOLDER}/") and path.endswith(".py")


def _newest(files: Mapping[str, str]) -> tuple[int, str]:
    """The greatest number among the revisions, and the one that none follows."""
    follows: dict[str, str | None] = {}
    for text in files.values():
        values = dict(_assigned(text))
        if isinstance(values.get("revision"), str):
            follows[values["revision"]] = values.get("down_revision")
    heads = sorted(follows.keys() - set(follows.values()))
    if len(heads) != 1:
        raise SpecError(
            f"the migrations have {len(heads)} heads ({', '.join(heads)})", "merge them: alembic merge heads"
        )
    numbers = [int(name) for name in follows if name.isdecimal() and len(name) <= 6]
    return max(numbers, default=len(follows)), heads[0]


def _assigned(text: str) -> list[tuple[str, Any]]:
    found = []
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                found.append((name, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)):
                found.append((name, value))
    return found


def _title(was: list[Table], now: list[Table]) -> str:
    old, new = ({table.name: table for table in tables} for tables in (was, now))
    done = [
        ("create", [name for name in new if name not in old]),
        ("change", [name for name in new if name in old and old[name] != new[name]]),
        ("drop", [name for name in old if name not in new]),
    ]
    parts = [f"{verb} {', '.join(names).replace('_', ' ')}" for verb, names in done if names]
    return "; ".join(parts).capitalize()
