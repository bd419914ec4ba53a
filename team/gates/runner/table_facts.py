"""What a database holds, read with nothing of the workspace around: its schema as facts, and its rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

VERSION_TABLE = "alembic_version"
_RANKS = ("SMALLINT", "INTEGER", "BIGINT")
_TEXTS = re.compile(r"(?:N?VARCHAR|CHAR|STRING|TEXT|CLOB)")

Rows = list[dict[str, Any]]


@dataclass
class Look:
    """A database at one moment.

    Attributes:
        facts: one line for each table, column and constraint.
        columns: table → column → its type.
        rows: table → its rows, values made comparable.
    """

    facts: set[str] = field(default_factory=set)
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)


def look_at(connection: sa.Connection) -> Look:
    """Read everything but Alembic's own table."""
    inspector = sa.inspect(connection)
    look = Look()
    for table in inspector.get_table_names():
        if table == VERSION_TABLE:
            continue
        found = inspector.get_columns(table)
        look.columns[table] = {column["name"]: column["type"] for column in found}
        look.facts.update(_facts(inspector, table, found, connection.dialect))
        quoted = connection.dialect.identifier_preparer.quote(table)
        rows = connection.exec_driver_sql(f"SELECT * FROM {quoted}").mappings()
        look.rows[table] = [{name: plain(value) for name, value in row.items()} for row in rows]
    return look


def _facts(inspector: Any, table: str, columns: list[Any], dialect: sa.Dialect) -> Iterator[str]:
    yield f"table {table}"
    for column in columns:
        null = "NULL" if column["nullable"] else "NOT NULL"
        yield f"column {table}.{column['name']} {column['type'].compile(dialect)} {null}"
    yield f"primary key {table} ({', '.join(inspector.get_pk_constraint(table)['constrained_columns'])})"
    for each in inspector.get_unique_constraints(table):
        yield f"unique {table} ({', '.join(each['column_names'])})"
    for each in inspector.get_indexes(table):
        kind = "unique" if each["unique"] else "index"
        yield f"{kind} {table} ({', '.join(map(str, each['column_names']))})"
    for each in inspector.get_foreign_keys(table):
        action = (each.get("options") or {}).get("ondelete", "NO ACTION").upper()
        target = f"{each['referred_table']} ({', '.join(each['referred_columns'])})"
        yield f"foreign key {table} ({', '.join(each['constrained_columns'])}) to {target} {action}"
    for each in inspector.get_check_constraints(table):
        yield f"check {table} {normal(each['sqltext'])}"


def brief(facts: set[str]) -> list[str]:
    """Facts in order; of a table that is among them, nothing else is told."""
    tables = {fact.partition(" ")[2] for fact in facts if fact.startswith("table ")}
    kept = (fact for fact in facts if fact.startswith("table ") or not tables & set(re.split(r"[ .]", fact)))
    return sorted(kept)


def normal(sql: str) -> str:
    """A condition without what two ways of writing it may differ in."""
    return re.sub(r"[\s\"()`\[\]]+", " ", sql).strip().lower()


def plain(value: Any) -> Any:
    """A value as it can be compared with itself after a change of its column's type."""
    if value is None:
        return None
    try:
        number = Decimal(str(int(value) if isinstance(value, bool) else value))
        return f"{number.normalize():f}" if number.is_finite() else str(value)
    except InvalidOperation:
        return str(value)


def losses(before: Look, after: Look) -> Iterator[tuple[str, str, str]]:
    """(table, column or "", what happened to it) of rows that were there before and are no more.

    What only has another name now is not lost; neither is a missing value that was filled in.
    """
    for table, rows in before.rows.items():
        if not rows:
            continue
        if table not in after.rows:
            if not _renamed(rows, before, after):
                yield table, "", f"the table {table} is dropped with its rows"
            continue
        kept = after.rows[table]
        if len(kept) < len(rows):
            yield table, "", f"{len(rows) - len(kept)} of {len(rows)} rows of {table} are deleted"
            continue
        for column in rows[0]:
            was = _values(rows, column)
            if column in after.columns[table]:
                if _values(kept, column) & was != was:
                    yield table, column, f"values of {table}.{column} are changed"
            elif was and not any(
                _values(kept, other) & was == was
                for other in after.columns[table]
                if other not in before.columns[table]
            ):
                yield table, column, f"the column {table}.{column} is dropped with its values"


def _values(rows: Rows, column: str) -> Counter[str]:
    return Counter(row[column] for row in rows if row.get(column) is not None)


def _renamed(rows: Rows, before: Look, after: Look) -> bool:
    """Whether a new table holds the same rows."""
    return any(
        len(kept) >= len(rows) and all(_values(kept, name) == _values(rows, name) for name in rows[0])
        for table, kept in after.rows.items()
        if table not in before.rows and set(rows[0]) <= set(after.columns[table])
    )


def narrowings(before: Look, after: Look) -> Iterator[tuple[str, str, str]]:
    """(table, column, what happened) of columns that hold less than before."""
    for table, columns in before.columns.items():
        for name, was in columns.items():
            now = after.columns.get(table, {}).get(name)
            if now is not None and is_narrower(was, now):
                yield table, name, f"{table}.{name} holds less than before: {was} becomes {now}"


def is_narrower(was: Any, now: Any) -> bool:
    """Whether a type holds fewer values than another."""
    old, new = (str(kind).partition("(")[0].upper() for kind in (was, now))
    if bool(_TEXTS.match(old)) and bool(_TEXTS.match(new)):
        return getattr(now, "length", None) is not None and (
            getattr(was, "length", None) is None or now.length < was.length
        )
    if old == new:
        limits = [(getattr(was, name, None), getattr(now, name, None)) for name in ("precision", "scale")]
        return any(high is not None and low is not None and low < high for high, low in limits)
    if old in _RANKS and new in _RANKS:
        return _RANKS.index(new) < _RANKS.index(old)
    to_text = bool(_TEXTS.match(new)) and getattr(now, "length", None) is None
    wider = old in _RANKS and new in ("NUMERIC", "DECIMAL")
    wider |= old == "DATE" and new in ("DATETIME", "TIMESTAMP")
    wider |= old in ("FLOAT", "REAL") and new in ("DOUBLE", "DOUBLE PRECISION", "DOUBLE_PRECISION")
    return not (to_text or wider)
