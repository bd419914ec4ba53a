"""The next migration of a drafted module: from what a spec said before to what it says now."""

from __future__ import annotations

import ast
import datetime as dt
import json
import uuid
from collections.abc import Mapping
from typing import Any

from team.errors import SpecError
from team.generators.crud.fields import sql_name
from team.generators.crud.samples import Samples
from team.generators.crud.tables import tables_of
from team.generators.migrations.changes import steps
from team.generators.migrations.revisions import FOLDER, Revision, first_revision
from team.generators.migrations.tables import Table
from team.generators.polish import polish
from team.specs.entity import CrudSpec, EntitySpec
from team.specs.fields import FieldSpec
from team.specs.names import pascal, snake


def next_revision(before: CrudSpec, after: CrudSpec, existing: Mapping[str, str]) -> dict[str, str]:
    """The migration that a changed spec needs: its workspace path → its text; empty when it needs none.

    Rows that exist are kept: a field that becomes required gets its default, or an example, in rows without a
    value. What the new spec has no more room for is dropped; the migration gate asks a person about that.

    Args:
        before: the spec that the newest of the existing migrations was written for.
        after: the spec as it is now.
        existing: workspace path → text of the migrations that are there; other files are passed over.

    Raises:
        SpecError: the existing migrations have several heads.
    """
    found = {path: text for path, text in existing.items() if _is_revision(path)}
    if not found:
        first = first_revision(tables_of(after))
        return polish({first.path: first.source()})
    was, now = tables_of(before), tables_of(after)
    upgrade = steps(was, now, _Fillers(after))
    if not upgrade:
        return {}
    number, head = _newest(found)
    revision = Revision(number + 1, _title(was, now), upgrade, steps(now, was, _Fillers(before)), head)
    return polish({revision.path: revision.source()})


class _Fillers:
    """Values for rows that lack one which has become required."""

    def __init__(self, spec: CrudSpec) -> None:
        self._entities = {snake(entity.plural): entity for entity in spec.entities}

    def __call__(self, table: str, column: str) -> str:
        """An SQL expression over a row."""
        entity = self._entities.get(table)
        field = next((f for f in entity.fields if f.name == column), None) if entity else None
        if entity is None or field is None:
            return "CURRENT_TIMESTAMP"
        if field.references:
            # Which row is meant is not known; where there is none at all, the migration fails.
            return f"(SELECT min(id) FROM {sql_name(self._target(field))})"
        return _different(field) or sql_value(_example(entity, field))

    def _target(self, field: FieldSpec) -> str:
        name = pascal((field.references or "").partition(".")[0])
        return next(table for table, entity in self._entities.items() if entity.name == name)


def _different(field: FieldSpec) -> str | None:
    """A value that differs from row to row, for what has to be unique."""
    if not field.unique:
        return None
    match field.type:
        case "integer" | "number" | "decimal":
            return "id"
        case "email":
            return "id || '@example.com'"
        case "string" | "text":
            low, _ = field.bounds
            return f"substr('{'0' * (low or 0)}' || id, -{low})" if low else "CAST(id AS VARCHAR)"
    return None


def _example(entity: EntitySpec, field: FieldSpec) -> Any:
    if field.default is not None:
        return field.default_value
    return Samples(entity).full[field.name]


def sql_value(value: Any) -> str:
    """A value as a literal that SQLite and PostgreSQL take, and store as the models do."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case uuid.UUID():
            return f"'{value.hex}'"
        case dt.datetime():
            return f"'{value:%Y-%m-%d %H:%M:%S}.000000'"
        case dt.date():
            return f"'{value.isoformat()}'"
        case dict() | list():
            return sql_value(json.dumps(value))
        case str():
            return "'" + value.replace("'", "''") + "'"
    return str(value)


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
