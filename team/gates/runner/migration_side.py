"""The process in which a workspace's migrations run: it does one command of Alembic after another.

It is forked before the driver reads what it is to do, and keeps nothing of the driver's but the pipe. All it
says is data from hostile code; what became of the database is looked at by the driver.
"""

from __future__ import annotations

import json
import os
import struct
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import alembic.command
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from .app_pipe import Application, send_frame
from .reporting import Place

MOST_DIFFERENCES = 40
_NAMED = ("add_table", "remove_table", "add_index", "remove_index", "add_constraint", "remove_constraint")


def fork_migrator(closed: list[int]) -> Application:
    """Fork a child that waits for the URL of a database, and for commands; it keeps none of `closed`."""
    to_child, ours = os.pipe()
    theirs, from_child = os.pipe()
    process = os.fork()
    if process:
        os.close(to_child)
        os.close(from_child)
        return Application(process, theirs, ours)
    try:
        for descriptor in (*closed, ours, theirs):
            os.close(descriptor)
        os.open(os.devnull, os.O_RDONLY)
        os.dup2(2, 1)
        serve(to_child, from_child)
    finally:
        os._exit(1)


def serve(reading: int, writing: int) -> None:
    """Do commands until the pipe is closed."""
    migrator = Migrator()
    with os.fdopen(reading, "rb") as stream:
        while size := stream.read(4):
            question = json.loads(stream.read(struct.unpack("!I", size)[0]))
            try:
                answer = getattr(migrator, question.pop("do"))(**question) or {}
            except BaseException as error:  # noqa: BLE001 - whatever the workspace throws is told
                answer = told(error)
            send_frame(writing, answer)


class Migrator:
    """Alembic's commands over one workspace and one database."""

    def __init__(self) -> None:
        self._url = ""

    def use(self, url: str) -> None:
        """Work on the database of a URL from here on."""
        self._url = url
        os.environ["DATABASE_URL"] = url

    def upgrade(self, to: str) -> None:
        """Go up to a revision."""
        alembic.command.upgrade(self._configured(), to)

    def downgrade(self, to: str) -> None:
        """Go down to a revision."""
        alembic.command.downgrade(self._configured(), to)

    def compare(self, models: str) -> dict[str, Any]:
        """How the models differ from the database; their own tables are made in the database `models`."""
        config, found = self._configured(), []
        script = ScriptDirectory.from_config(config)

        def look(revision: Any, context: Any) -> list[Any]:
            metadata = context.opts.get("target_metadata")
            found.append((metadata, compare_metadata(context, metadata) if metadata is not None else []))
            return []

        with EnvironmentContext(config, script, fn=look):
            script.run_env()
        metadata, differences = found[0] if found else (None, [])
        if metadata is None:
            return {"unnamed": True}
        engine = sa.create_engine(models)
        for each in metadata if isinstance(metadata, (list, tuple)) else [metadata]:
            each.create_all(engine)
        engine.dispose()
        return {"differences": [described(each) for each in differences[:MOST_DIFFERENCES]]}

    def _configured(self) -> Config:
        # Most read `DATABASE_URL`; what reads the configuration finds the same there.
        config = Config("alembic.ini")
        config.set_main_option("sqlalchemy.url", self._url.replace("%", "%%"))
        return config


def described(difference: Any) -> str:
    """A difference between models and database in a few words."""
    if isinstance(difference, list):
        return "; ".join(map(described, difference))
    kind, *parts = difference
    what = str(kind).replace("_", " ")
    if kind in _NAMED:
        owner = getattr(getattr(parts[0], "table", None), "name", "")
        return f"{what} {parts[0].name or ''}{f' of {owner}' if owner else ''}"
    if kind in ("add_column", "remove_column"):
        return f"{what} {parts[1]}.{parts[2].name}"
    if kind.startswith("modify_"):
        return f"{what} of {parts[1]}.{parts[2]} from {parts[4]!r} to {parts[5]!r}"
    if kind in ("add_fk", "remove_fk"):
        return f"{what} {parts[0].name or ''} of {parts[0].parent.name}"
    return what


def told(error: BaseException) -> dict[str, Any]:
    """An error in one line, and the workspace's lines that it passed, outermost first."""
    text = next(iter(str(error).splitlines()), "")
    name = type(error).__name__
    return {"error": f"{name}: {text}"[:500], "at": list(_lines(error))}


def _lines(error: BaseException) -> Iterator[tuple[str, int]]:
    place = Place(str(Path.cwd()))
    if isinstance(error, SyntaxError) and error.filename and (path := place.relative(error.filename)):
        yield path, error.lineno or 1
    yield from place.lines(traceback.walk_tb(error.__traceback__))
