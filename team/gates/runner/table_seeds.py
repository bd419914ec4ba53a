"""Rows for tables of which only the schema is known."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import re
import uuid
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SAWarning

from .table_facts import VERSION_TABLE

ROWS = 2
"""Rows of each table: in the last one, what may be missing is."""
_LIMIT = re.compile(
    r"(?P<length>length\()?\"?(?P<column>\w+)\"?\)?\s*(?P<sign><=|>=|<|>|=)\s*(?P<number>-?\d+(?:\.\d+)?)"
)
_AMONG = re.compile(
    r"\"?(?P<column>\w+)\"?(?:::[\w ]+)?\)?\s+(?:IN\s*|=\s*ANY\s*)\((?P<values>.+)\)", re.I | re.S
)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_TRIES = 24


class Hints:
    """What schemas demand of values: rows that keep the newest one can go all the way up."""

    def __init__(self, connection: sa.Connection) -> None:
        self._limits: dict[tuple[str, str], list[tuple[bool, str, float]]] = {}
        self._among: dict[tuple[str, str], list[str]] = {}
        self._lengths: dict[tuple[str, str], int] = {}
        self.learn(connection)

    def learn(self, connection: sa.Connection) -> None:
        """Take in what the present schema demands besides."""
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            for check in inspector.get_check_constraints(table):
                self._read(table, check["sqltext"])
            for column in inspector.get_columns(table):
                if length := getattr(column["type"], "length", None):
                    self._lengths[table, column["name"]] = length

    def _read(self, table: str, sql: str) -> None:
        if among := _AMONG.search(sql):
            values = [value.replace("''", "'") for value in _QUOTED.findall(among["values"])]
            known = self._among.get((table, among["column"]), values)
            self._among[table, among["column"]] = [value for value in values if value in known] or values
            return
        for found in _LIMIT.finditer(sql):
            limit = (bool(found["length"]), found["sign"], float(found["number"]))
            self._limits.setdefault((table, found["column"]), []).append(limit)

    def among(self, table: str, column: str) -> list[str]:
        """The values that a column may have; empty when any."""
        return self._among.get((table, column), [])

    def length(self, table: str, column: str, own: int | None) -> tuple[int, int]:
        """The shortest and the longest text that a column takes."""
        low, high = 0, min(own or 40, self._lengths.get((table, column), 40), 40)
        for is_length, sign, number in self._limits.get((table, column), []):
            if is_length and sign in (">", ">=", "="):
                low = int(number) + (sign == ">")
            if is_length and sign in ("<", "<=", "="):
                high = min(high, int(number) - (sign == "<"))
        return low, max(low, high)

    def number(self, table: str, column: str, wanted: float) -> float:
        """A number that a column takes, as near to the wanted one as may be."""
        for is_length, sign, number in self._limits.get((table, column), []):
            if not is_length and sign in (">", ">="):
                wanted = max(wanted, number + (sign == ">"))
            elif not is_length and sign in ("<", "<="):
                wanted = min(wanted, number - (sign == "<"))
            elif not is_length:
                wanted = number
        return wanted


def seed(connection: sa.Connection, hints: Hints) -> list[str]:
    """Give every empty table rows; those for which no row was found are returned."""
    import warnings

    hints.learn(connection)
    metadata = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of cycles, and of types that nobody knows
        metadata.reflect(connection)
        tables = [table for table in metadata.sorted_tables if table.name != VERSION_TABLE]
    return [
        table.name
        for table in _parents_first(tables)
        if _is_empty(connection, table) and not _filled(connection, table, hints)
    ]


def _parents_first(tables: list[sa.Table]) -> list[sa.Table]:
    """The tables in an order in which needed references can be made, as far as there is one."""
    done: list[sa.Table] = []
    left = list(tables)
    while left:
        names = {table.name for table in left}
        ready = [table for table in left if not _needs(table) & (names - {table.name})] or left[:1]
        done += ready
        left = [table for table in left if table not in ready]
    return done


def _needs(table: sa.Table) -> set[str]:
    return {key.column.table.name for c in table.columns if not c.nullable for key in c.foreign_keys}


def _is_empty(connection: sa.Connection, table: sa.Table) -> bool:
    return bool(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0)


def _filled(connection: sa.Connection, table: sa.Table, hints: Hints) -> bool:
    return all([_insert(connection, table, hints, number) for number in range(ROWS)][:1])


def _insert(connection: sa.Connection, table: sa.Table, hints: Hints, number: int) -> bool:
    for values in itertools.islice(_candidates(connection, table, hints, number), _TRIES):
        try:
            with connection.begin_nested():
                connection.execute(table.insert().values(values))
            return True
        except (DBAPIError, TypeError, ValueError):
            continue
    return False


def _candidates(
    connection: sa.Connection, table: sa.Table, hints: Hints, number: int
) -> Iterator[dict[str, Any]]:
    """Rows worth a try: the wanted one, then the same with everything filled in, then others."""
    for shift in range(0, _TRIES // 2):
        for sparse in (number == ROWS - 1, number != ROWS - 1):
            yield {
                column.name: _value(connection, column, hints, number + shift)
                for column in table.columns
                if not (sparse and column.nullable) and not _is_given(column)
            }


def _is_given(column: sa.Column[Any]) -> bool:
    """Whether the database makes up the value."""
    counted = column.primary_key and isinstance(column.type, sa.Integer) and not column.foreign_keys
    return column.computed is not None or (counted and len(column.table.primary_key.columns) == 1)


def _value(connection: sa.Connection, column: sa.Column[Any], hints: Hints, number: int) -> Any:
    table = column.table.name
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        return connection.execute(sa.select(target).order_by(target).limit(1).offset(number)).scalar() or (
            connection.execute(sa.select(target).limit(1)).scalar()
        )
    if among := hints.among(table, column.name):
        return among[number % len(among)]
    match column.type:
        case sa.Enum(enums=values) if values:
            return values[number % len(values)]
        case sa.Boolean():
            return number % 2 == 0
        case sa.Integer():
            return int(hints.number(table, column.name, number + 1))
        case sa.Float():
            return hints.number(table, column.name, number + 1.5)
        case sa.Numeric():
            places = column.type.scale or 0
            return round(decimal.Decimal(hints.number(table, column.name, number + 1)), places)
        case sa.DateTime():
            return dt.datetime(2030, 1, 1 + number % 28, 12, tzinfo=dt.UTC if column.type.timezone else None)
        case sa.Date():
            return dt.date(2030, 1, 1 + number % 28)
        case sa.Time():
            return dt.time(12, number % 60)
        case sa.JSON():
            return {"number": number}
        case sa.Uuid():
            return uuid.UUID(int=number + 1)
        case sa.LargeBinary():
            return bytes([number % 256])
    low, high = hints.length(table, column.name, getattr(column.type, "length", None))
    if high == 32 and isinstance(column.type, sa.CHAR):
        return f"{number + 1:032x}"
    return f"{column.name} {number}"[-high:].ljust(low, "x") if high else ""
