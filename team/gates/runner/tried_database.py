"""The database that migrations are tried on: made for one judgement, and gone after it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from .table_facts import VERSION_TABLE, Look, look_at

Result = TypeVar("Result")


class Unreachable(Exception):
    """No database can be made."""


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


class PostgresDatabase:
    """A database on a server, made beside all others."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = create_async_engine(url, poolclass=NullPool)
        shown = url.render_as_string(hide_password=False)
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.urls = [plain, shown]

    def within(self, work: Callable[[sa.Connection], Result]) -> Result:
        """What comes of some work in a transaction of its own."""
        return asyncio.run(_within(self._engine, work))

    def look(self) -> Look:
        """What it holds."""
        return self.within(look_at)

    def has_versions(self) -> bool:
        """Whether Alembic has been here."""
        return self.within(lambda connection: bool(sa.inspect(connection).has_table(VERSION_TABLE)))

    def blocked(self) -> str:
        """Why it cannot be written, in words; empty when it can."""
        open_ones = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        )
        left = self.within(lambda connection: int(connection.exec_driver_sql(open_ones).scalar_one()))
        return "the database stays in use: a transaction was left open" if left else ""

    def clear(self) -> None:
        """Empty it."""
        self.within(lambda connection: connection.exec_driver_sql("DROP SCHEMA public CASCADE"))
        self.within(lambda connection: connection.exec_driver_sql("CREATE SCHEMA public"))


async def _within(engine: AsyncEngine, work: Callable[[sa.Connection], Result]) -> Result:
    async with engine.begin() as connection:
        result: Result = await connection.run_sync(work)
        return result


async def _administer(server: sa.URL, *statements: str) -> None:
    engine = create_async_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


@contextmanager
def open_database(url: str | None, name: str, *, drop: bool = False) -> Iterator[Database]:
    """The database for one judgement: without a URL an SQLite file, else one of its own on that server.

    Args:
        url: the server, with a role that may make databases.
        name: what it is called there.
        drop: only clear away what a run before has left.

    Raises:
        Unreachable: the server does not answer, or refuses.
    """
    if url is None:
        file = SQLiteDatabase("migrations")
        yield file
        file.clear()
        return
    server = sa.make_url(url).set(drivername="postgresql+asyncpg")
    gone = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    try:
        asyncio.run(_administer(server, gone if drop else f'CREATE DATABASE "{name}"'))
    except (OSError, SQLAlchemyError, ImportError) as error:
        raise Unreachable(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
    try:
        yield PostgresDatabase(server.set(database=name))
    finally:
        asyncio.run(_administer(server, gone))
