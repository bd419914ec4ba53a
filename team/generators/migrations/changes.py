"""What has to be done to tables that hold rows, so that they become other tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from team.generators.migrations import operations as op
from team.generators.migrations.tables import Column, Table, in_order, late_keys

Filler = Callable[[str, str], str]
"""Table and column → an SQL expression over a row, for rows in which a required value is missing."""


@dataclass(frozen=True)
class _Change:
    """A table before and after."""

    was: Table
    now: Table

    @property
    def added(self) -> list[Column]:
        """The columns that are new."""
        known = {column.name for column in self.was.columns}
        return [column for column in self.now.columns if column.name not in known]

    @property
    def dropped(self) -> list[str]:
        """The columns that are gone."""
        kept = {column.name for column in self.now.columns}
        return [column.name for column in self.was.columns if column.name not in kept]

    @property
    def altered(self) -> list[tuple[Column, Column]]:
        """The columns that hold something else now."""
        by_name = {column.name: column for column in self.was.columns}
        pairs = [(by_name[column.name], column) for column in self.now.columns if column.name in by_name]
        return [(was, now) for was, now in pairs if was != now]


def steps(before: Sequence[Table], after: Sequence[Table], filler: Filler) -> list[str]:
    """The statements, as source, that make the tables `after` out of the tables `before`."""
    old, new = ({table.name: table for table in tables} for tables in (before, after))
    created = in_order([table for table in after if table.name not in old])
    dropped = in_order([table for table in before if table.name not in new])
    changes = [_Change(old[table.name], table) for table in after if old.get(table.name, table) != table]
    return [
        *_created(created),
        *(line for change in changes for line in _changed(change, filler)),
        *_dropped(dropped),
    ]


def _created(tables: Sequence[Table]) -> Iterator[str]:
    late = late_keys(tables)
    for table in tables:
        yield from op.create_table(table, [key for owner, key in late if owner is table])
    for table in tables:
        if keys := [key for owner, key in late if owner is table]:
            yield op.batch(table.name, [op.add_key(table, key) for key in keys])


def _dropped(tables: Sequence[Table]) -> Iterator[str]:
    late = late_keys(tables)
    for table in tables:
        if keys := [key for owner, key in late if owner is table]:
            names = [key.name(table.name) for key in keys]
            yield op.batch(table.name, [op.drop_constraint(name, "foreignkey") for name in names])
    for table in reversed(tables):
        yield op.drop_table(table.name)


def _changed(change: _Change, filler: Filler) -> Iterator[str]:
    """First what stands in the way, then the columns, then what holds from now on."""
    name = change.now.name
    unfilled = [column for column in change.added if not column.nullable]
    if first := [*_loosened(change), *_added(change)]:
        yield op.batch(name, first)
    for column in unfilled:
        yield op.fill(name, column.name, filler(name, column.name))
    for was, now in change.altered:
        if was.nullable and not now.nullable:
            yield op.fill(name, now.name, filler(name, now.name))
    if then := [*(op.alter(None, column) for column in unfilled), *_altered(change), *_tightened(change)]:
        yield op.batch(name, then)


def _loosened(change: _Change) -> Iterator[str]:
    was, now = change.was, change.now
    for key in was.foreign_keys:
        if key not in now.foreign_keys:
            yield op.drop_constraint(key.name(was.name), "foreignkey")
    for sql, name in was.checks:
        if (sql, name) not in now.checks:
            yield op.drop_constraint(was.check_name(name), "check")
    for columns in was.unique:
        if columns not in now.unique:
            yield op.drop_constraint(was.unique_name(columns), "unique")
    for column in was.indexes:
        if column not in now.indexes:
            yield f"batch_op.drop_index({op.fixed(was.index_name(column))})"


def _added(change: _Change) -> Iterator[str]:
    for column in change.added:
        # What is required is so only once the rows that exist have a value.
        yield f"batch_op.add_column({op.column(Column(column.name, column.type, nullable=True))})"


def _altered(change: _Change) -> Iterator[str]:
    for was, now in change.altered:
        yield op.alter(was, now)
    for name in change.dropped:
        yield f'batch_op.drop_column("{name}")'


def _tightened(change: _Change) -> Iterator[str]:
    was, now = change.was, change.now
    for key in now.foreign_keys:
        if key not in was.foreign_keys:
            yield op.add_key(now, key)
    for sql, name in now.checks:
        if (sql, name) not in was.checks:
            yield f"batch_op.create_check_constraint({op.fixed(now.check_name(name))}, {sql!r})"
    for columns in now.unique:
        if columns not in was.unique:
            listed = op.quoted(columns)
            yield f"batch_op.create_unique_constraint({op.fixed(now.unique_name(columns))}, [{listed}])"
    for column in now.indexes:
        if column not in was.indexes:
            yield f'batch_op.create_index({op.fixed(now.index_name(column))}, ["{column}"])'
