"""The catalogue of a folder's sessions: an SQLite file that can be made again from the logs at any time.

It lies in the cache folder, named by the folder it is about. The logs stay the truth: each look compares the
size, time and inode of every session's two files and reads again what differs. A catalogue that is broken,
from another version or cannot be written is made anew, in memory where nothing else is possible.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from executors.cache import cache_dir
from team.transcript.digesting import Digest, digest_session
from team.transcript.jsonlines import LOG_NAME
from team.transcript.summary import SUMMARY_NAME

VERSION = 2
_BATCH = 250
_WAIT_SECONDS = 60.0

_SCHEMA = """
CREATE TABLE sessions (
    name TEXT PRIMARY KEY, stamp TEXT NOT NULL, status TEXT, reason TEXT, message TEXT, kind TEXT, title TEXT,
    model TEXT, prompts TEXT, began TEXT, events INTEGER, iterations INTEGER, green INTEGER
) WITHOUT ROWID;
CREATE TABLE gates (
    session TEXT NOT NULL, gate TEXT NOT NULL, runs INTEGER, red INTEGER, skipped INTEGER,
    PRIMARY KEY (session, gate)
) WITHOUT ROWID;
CREATE TABLE calls (
    session TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL, calls INTEGER, prompt_tokens INTEGER,
    completion_tokens INTEGER, cost_usd REAL, seconds REAL,
    PRIMARY KEY (session, role, model)
) WITHOUT ROWID;
CREATE TABLE spoken (id INTEGER PRIMARY KEY, session TEXT NOT NULL, seq INTEGER, agent TEXT);
CREATE INDEX spoken_by_session ON spoken (session);
CREATE VIRTUAL TABLE texts USING fts5 (content, tokenize = "unicode61 remove_diacritics 2");
"""

T_ = TypeVar("T_")


class Catalog:
    """The sessions of one folder.

    Args:
        work_dir: where the sessions lie.
        path: the catalogue's file; None for the usual place.
    """

    def __init__(self, work_dir: Path, path: Path | None = None) -> None:
        self.work_dir = work_dir
        self.path = path or catalog_path(work_dir)
        self._memory: sqlite3.Connection | None = None

    def ask(self, question: Callable[[sqlite3.Connection], T_]) -> T_:
        """Bring the catalogue up to date and ask it; one that turns out to be broken is made again first."""
        if self._memory is None:
            for _ in range(2):
                try:
                    with contextlib.closing(self._connected()) as database:
                        self._refresh(database)
                        return question(database)
                except (sqlite3.DatabaseError, OSError) as error:
                    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                        break
                    self._forget()
            # A server asks from several threads, one at a time.
            self._memory = _prepared(sqlite3.connect(":memory:", check_same_thread=False))
        self._refresh(self._memory)
        return question(self._memory)

    def _connected(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            return _prepared(database)
        except sqlite3.DatabaseError:
            database.close()
            raise

    def _forget(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                Path(f"{self.path}{suffix}").unlink()

    def _refresh(self, database: sqlite3.Connection) -> None:
        stamps = dict(_stamps(self.work_dir))
        known = dict(database.execute("SELECT name, stamp FROM sessions"))
        gone = [name for name in known if name not in stamps]
        stale = [name for name, stamp in stamps.items() if known.get(name) != stamp]
        for start in range(0, len(gone), _BATCH):
            with _writing(database):
                for name in gone[start : start + _BATCH]:
                    _remove(database, name)
        for start in range(0, len(stale), _BATCH):
            # Read before the lock is taken: others may go on meanwhile.
            read = [(name, stamps[name], self._digest(name)) for name in stale[start : start + _BATCH]]
            with _writing(database):
                for name, stamp, digest in read:
                    _remove(database, name)
                    if digest is not None:
                        _add(database, name, stamp, digest)

    def _digest(self, name: str) -> Digest | None:
        try:
            return digest_session(self.work_dir / name)
        except OSError:
            return None


def catalog_path(work_dir: Path) -> Path:
    """Where the catalogue of that folder lies."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(work_dir))).hexdigest()[:20]
    return cache_dir() / "catalogs" / f"{name}.sqlite"


def _prepared(database: sqlite3.Connection) -> sqlite3.Connection:
    database.isolation_level = None
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        with _writing(database):
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError("a catalogue of another version")
            if version == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {VERSION}")
    return database


@contextlib.contextmanager
def _writing(database: sqlite3.Connection) -> Iterator[None]:
    """One transaction that locks the others out from its start, so that what it reads stays true."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        yield


def _stamps(work_dir: Path) -> Iterator[tuple[str, str]]:
    """Every session's folder with what tells whether its files changed."""
    try:
        with os.scandir(work_dir) as found:
            names = [item.name for item in found if item.is_dir()]
    except OSError:
        return
    for name in filter(_storable, names):
        log = _stamp(f"{work_dir}/{name}/{LOG_NAME}")
        if log:
            yield name, f"{log} {_stamp(f'{work_dir}/{name}/{SUMMARY_NAME}')}"


def _stamp(path: str) -> str:
    """Size, time and inode of a file; empty where there is none. Asked 10,000 times, so without pathlib."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}"


def _storable(name: str) -> bool:
    """Whether a name is text; one of other bytes can be shown by its path, but not catalogued."""
    return name.isprintable()


def _remove(database: sqlite3.Connection, name: str) -> None:
    database.execute("DELETE FROM texts WHERE rowid IN (SELECT id FROM spoken WHERE session = ?)", [name])
    for table, column in (
        ("spoken", "session"),
        ("gates", "session"),
        ("calls", "session"),
        ("sessions", "name"),
    ):
        database.execute(f"DELETE FROM {table} WHERE {column} = ?", [name])


def _add(database: sqlite3.Connection, name: str, stamp: str, digest: Digest) -> None:
    database.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(name, stamp, digest.status, digest.reason, digest.message, digest.kind, digest.title),
            *(digest.model, digest.prompts, digest.began, digest.events, digest.iterations, digest.green),
        ],
    )
    for gate, runs in digest.gates.items():
        row = [name, gate, runs.runs, runs.red, runs.skipped]
        database.execute("INSERT INTO gates VALUES (?, ?, ?, ?, ?)", row)
    for (role, model), tally in digest.calls.items():
        numbers = (tally.prompt_tokens, tally.completion_tokens, tally.cost_usd, tally.seconds)
        database.execute(
            "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [name, role, model, tally.calls, *numbers]
        )
    for seq, agent, text in digest.texts:
        spoken = database.execute("INSERT INTO spoken VALUES (NULL, ?, ?, ?)", [name, seq, agent])
        database.execute("INSERT INTO texts (rowid, content) VALUES (?, ?)", [spoken.lastrowid, text])
