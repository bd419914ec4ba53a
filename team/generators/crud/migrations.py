"""The next migration of a drafted module: from what a spec said before to what it says now."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from typing import Any

from team.generators.crud.fields import sql_name
from team.generators.crud.samples import Samples
from team.generators.crud.tables import tables_of
from team.generators.migrations.following import following
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
    return following(tables_of(before), tables_of(after), _Fillers(after), _Fillers(before), existing)


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
