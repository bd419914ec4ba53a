"""Tables as data: what a migration creates, changes and drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: its name.
        type: its type as source, such as ``sa.String(40)``.
        nullable: whether the value may be missing.
    """

    name: str
    type: str
    nullable: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A column that names a row of another table."""

    column: str
    table: str
    target: str
    action: str

    def name(self, table: str) -> str:
        """The constraint's name in a table."""
        return f"fk_{table}_{self.column}_{self.table}"


@dataclass(frozen=True)
class Table:
    """One table. All its constraints have the names that the models' naming convention gives them.

    Attributes:
        name: its name.
        columns: its columns, in order.
        primary: the columns of its primary key.
        checks: (SQL, name) of its CHECK constraints; the name is that within the table.
        unique: the columns of each of its unique constraints.
        indexes: the columns that have an index.
        foreign_keys: the columns that name rows of other tables.
    """

    name: str
    columns: tuple[Column, ...]
    primary: tuple[str, ...] = ("id",)
    checks: tuple[tuple[str, str], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()

    def check_name(self, name: str) -> str:
        """The full name of a CHECK constraint."""
        return f"ck_{self.name}_{name}"

    def unique_name(self, columns: Sequence[str]) -> str:
        """The name of a unique constraint."""
        return f"uq_{self.name}_{columns[0]}"

    def index_name(self, column: str) -> str:
        """The name of an index."""
        return f"ix_{self.name}_{column}"


def in_order(tables: Sequence[Table]) -> list[Table]:
    """The tables, each after those it refers to as far as that can be; else as they come."""
    by_name = {table.name: table for table in tables}
    needs = {
        table.name: {key.table for key in table.foreign_keys if key.table != table.name} & by_name.keys()
        for table in tables
    }
    waiting = {name: len(needed) for name, needed in needs.items()}
    wanted_by: dict[str, list[str]] = {name: [] for name in by_name}
    for name, needed in needs.items():
        for other in needed:
            wanted_by[other].append(name)
    ready = [table.name for table in tables if not waiting[table.name]]
    left = dict.fromkeys(table.name for table in tables)
    ordered: list[Table] = []
    while left:
        name = ready.pop(0) if ready else next(iter(left))
        if name not in left:
            continue
        del left[name]
        ordered.append(by_name[name])
        for other in wanted_by[name]:
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)
    return ordered


def late_keys(ordered: Sequence[Table]) -> list[tuple[Table, ForeignKey]]:
    """The foreign keys that lead to a table that comes later, as only those in cycles do."""
    place = {table.name: number for number, table in enumerate(ordered)}
    return [
        (table, key)
        for number, table in enumerate(ordered)
        for key in table.foreign_keys
        if place.get(key.table, -1) > number
    ]
