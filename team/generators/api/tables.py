"""The tables of resources, as migrations need them: the same that the drafted models describe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from team.generators.api.columns import ColumnView
from team.generators.api.resources import ResourceView
from team.generators.migrations.tables import Column, ForeignKey, Table

_NUMBER = "sa.Integer()"


def tables_of(resources: Sequence[ResourceView]) -> list[Table]:
    """The tables of all resources, in their order."""
    return [_table(resource) for resource in resources]


def _table(resource: ResourceView) -> Table:
    columns = [
        Column(each.name, _type(each), not each.is_primary and each.column.nullable)
        for each in resource.columns
    ]
    own_key = [Column("row_id", _NUMBER)] if resource.unique else []
    return Table(
        name=resource.table,
        columns=(*own_key, *columns),
        primary=("row_id",) if own_key else (resource.key.name,),
        unique=(tuple(resource.unique),) if resource.unique else (),
        indexes=tuple(each.name for each in resource.columns if each.column.role == "parent"),
        foreign_keys=tuple(_keys(resource)),
    )


def _type(column: ColumnView) -> str:
    if column.is_primary:
        return _NUMBER
    kind = column.types[1].partition("(")[0]
    return "sa.DateTime(timezone=True)" if kind == "UtcDateTime" else f"{kind}()"


def _keys(resource: ResourceView) -> Iterator[ForeignKey]:
    parent = resource.parent
    for column in resource.columns:
        if column.column.role == "parent" and parent is not None and parent.owns(column.column):
            yield ForeignKey(column.name, parent.table, parent.key.name, "CASCADE")
