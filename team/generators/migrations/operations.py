"""Alembic's operations as source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from team.generators.crud.fields import sql_name
from team.generators.migrations.tables import Column, ForeignKey, Table


def create_table(table: Table, late: Iterable[ForeignKey] = ()) -> list[str]:
    """Create a table with its indexes; the keys in `late` are added afterwards."""
    left_out = set(late)
    keys = [key for key in table.foreign_keys if key not in left_out]
    parts = [
        *map(column, table.columns),
        *(check(table, sql, name) for sql, name in table.checks),
        *(foreign_key(table, key) for key in keys),
        f"sa.PrimaryKeyConstraint({quoted(table.primary)}, name={fixed(f'pk_{table.name}')})",
        *(unique(table, columns) for columns in table.unique),
    ]
    made = [f'op.create_table("{table.name}", {", ".join(parts)},)']
    return made + [create_index(table, name) for name in table.indexes]


def drop_table(name: str) -> str:
    """Drop a table; its indexes and constraints go with it."""
    return f'op.drop_table("{name}")'


def create_index(table: Table, name: str) -> str:
    """Create an index."""
    return f'op.create_index({fixed(table.index_name(name))}, "{table.name}", ["{name}"])'


def drop_index(table: Table, name: str) -> str:
    """Drop an index."""
    return f'op.drop_index({fixed(table.index_name(name))}, table_name="{table.name}")'


def column(of: Column, default: str = "") -> str:
    """A column, with a server default where one is given as SQL."""
    more = f", server_default=sa.text({default!r})" if default else ""
    return f'sa.Column("{of.name}", {of.type}, nullable={of.nullable}{more})'


def check(table: Table, sql: str, name: str) -> str:
    """A CHECK constraint."""
    return f"sa.CheckConstraint({sql!r}, name={fixed(table.check_name(name))})"


def unique(table: Table, columns: Sequence[str]) -> str:
    """A unique constraint."""
    return f"sa.UniqueConstraint({quoted(columns)}, name={fixed(table.unique_name(columns))})"


def foreign_key(table: Table, key: ForeignKey) -> str:
    """A foreign key within a new table."""
    name = fixed(key.name(table.name))
    target = f"{key.table}.{key.target}"
    return f'sa.ForeignKeyConstraint(["{key.column}"], ["{target}"], name={name}, ondelete="{key.action}")'


def batch(table: str, steps: Sequence[str]) -> str:
    """Changes of a table that exists, together: SQLite makes them by copying the table once."""
    inside = "\n".join(f"    {step}" for step in steps)
    return f'with op.batch_alter_table("{table}") as batch_op:\n{inside}'


def add_key(table: Table, key: ForeignKey) -> str:
    """Add a foreign key, within a batch."""
    name = fixed(key.name(table.name))
    columns = f'"{key.table}", ["{key.column}"], ["{key.target}"]'
    return f'batch_op.create_foreign_key({name}, {columns}, ondelete="{key.action}")'


def drop_constraint(name: str, kind: str) -> str:
    """Drop a constraint of a kind (``check``, ``unique``, ``foreignkey``), within a batch."""
    return f'batch_op.drop_constraint({fixed(name)}, type_="{kind}")'


def fixed(name: str) -> str:
    """A name that the naming convention has been applied to already."""
    return f'op.f("{name}")'


def quoted(names: Iterable[str]) -> str:
    """Names as arguments."""
    return ", ".join(f'"{name}"' for name in names)


def alter(was: Column | None, now: Column) -> str:
    """Change a column within a batch; without `was`, it only becomes required."""
    changes = [f'"{now.name}"']
    if was is not None and was.type != now.type:
        changes.append(f"type_={now.type}")
        if (cast := _cast(now.type)) and was.type.partition("(")[0] != now.type.partition("(")[0]:
            changes.append(f'postgresql_using="{sql_name(now.name)}::{cast}"')
    if was is None or was.nullable != now.nullable:
        changes.append(f"nullable={now.nullable}")
    return f"batch_op.alter_column({', '.join(changes)})"


def fill(table: str, column: str, value: str) -> str:
    """Give rows in which a value is missing one."""
    name = sql_name(column)
    return f"op.execute({f'UPDATE {sql_name(table)} SET {name} = {value} WHERE {name} IS NULL'!r})"


_CASTS = {
    "sa.Text": "text", "sa.String": "varchar", "sa.BigInteger": "bigint", "sa.Integer": "integer",
    "sa.Float": "double precision", "sa.Numeric": "numeric", "sa.Boolean": "boolean", "sa.Date": "date",
    "sa.DateTime": "timestamptz", "sa.Uuid": "uuid", "sa.JSON": "json",
}  # fmt: skip


def _cast(kind: str) -> str | None:
    return _CASTS.get(kind.partition("(")[0])
