"""The database that migrations are tried on: made for one judgement, and gone after it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from .table_facts import VERSION_TABLE, Look, look_at

Result = TypeVar("Result")


class Database(Protocol):
    """A database of ours."""

    urls: list[str]
    """How it may be named, the usual way first."""

    def within(self, work: Callable[[sa.Connection], Result]) -> Result:
        """What comes of some work in a transaction of its own."""
        ...

    def look(self) -> Look:
        """What it holds."""
        ...

    def has_versions(self) -> bool:
        """Whether Alembic has been here."""
        ...

    def blocked(self) -> str:
        """Why it cannot be written, in words; empty when it can."""
        ...

    def clear(self) -> None:
        """Empty it."""
        ...


class SQLiteDatabase:
    """A file in the workspace."""

    def __init__(self, name: str) -> None:
        self._path = Path.cwd() / f"devteam-{name}.db"
        self.url = f"sqlite:///{self._path}"
        self.urls = [self.url, f"sqlite+aiosqlite:///{self._path}"]
        self._engine = sa.create_engine(self.url, poolclass=NullPool)

    def within(self, work: Callable[[sa.Connection], Result]) -> Result:
        """What comes of some work in a transaction of its own."""
        with self._engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
            return work(connection)

    def look(self) -> Look:
        """What it holds."""
        return self.within(look_at)

    def has_versions(self) -> bool:
        """Whether Alembic has been here."""
        return self.within(lambda connection: bool(sa.inspect(connection).has_table(VERSION_TABLE)))

    def blocked(self) -> str:
        """Why it cannot be written, in words; empty when it can."""
        try:
            with closing(sqlite3.connect(self._path, timeout=1)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            return f"the database stays in use: {error}"
        return ""

    def clear(self) -> None:
        """Empty it."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)


@contextmanager
def open_database(url: str | None) -> Iterator[Database]:
    """The database for one judgement; without a URL, an SQLite file."""
    database = SQLiteDatabase("migrations")
    try:
        yield database
    finally:
        database.clear()
