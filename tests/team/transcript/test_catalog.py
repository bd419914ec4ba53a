"""The catalogue follows the logs, survives what happens to it, and finds what was said."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
from pathlib import Path

import pytest
from support.transcripts import HOSTILE, hostile_session, write_log, write_sessions, write_small_session

from team.transcript.catalog import Catalog
from team.transcript.finding import count, newest, search
from team.transcript.statistics import CallFigures, GateFigures, SessionFigures, grouped, overall

SESSIONS = 9


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    write_sessions(tmp_path / "workspace", SESSIONS)
    return tmp_path / "workspace"


@pytest.fixture
def catalog(work_dir: Path, tmp_path: Path) -> Catalog:
    return Catalog(work_dir, tmp_path / "catalog.sqlite")


def test_the_newest_come_first(catalog: Catalog, work_dir: Path) -> None:
    rows = catalog.ask(lambda db: newest(db, limit=2))
    assert [row.name for row in rows] == sorted((path.name for path in work_dir.iterdir()), reverse=True)[:2]
    assert (rows[0].title, rows[0].kind, rows[0].status) == ("task number 8", "run", "accepted")
    assert (rows[0].calls, rows[0].tokens, rows[0].cost_usd) == (1, 1100, 0.001)
    assert catalog.ask(lambda db: count(db, "rejected")) == 3


def test_words_are_found_with_their_place(catalog: Catalog) -> None:
    (hit,) = catalog.ask(lambda db: search(db, '"task number" 7'))
    assert (hit.seq, hit.snippet) == (1, "Write ⟦task number⟧ ⟦7⟧.")
    assert len(catalog.ask(lambda db: search(db, "undef*"))) == 3
    assert catalog.ask(lambda db: search(db, "number 4711")) == []


@pytest.mark.parametrize(
    "words", ['"', "AND OR NOT", "a NEAR(b", "x' OR 1=1 --", "*", "content:x", "\0", "-"]
)
def test_no_word_is_an_operator(catalog: Catalog, words: str) -> None:
    assert catalog.ask(lambda db: search(db, words)) == []


def test_what_changes_is_read_again_and_what_goes_is_forgotten(catalog: Catalog, work_dir: Path) -> None:
    assert catalog.ask(count) == SESSIONS
    names = sorted(path.name for path in work_dir.iterdir())
    shutil.rmtree(work_dir / names[0])
    write_small_session(work_dir / names[1], 1, title="renamed zebra")
    write_small_session(work_dir / "20270101-000000-new-0000", 10)
    rows = {row.name: row for row in catalog.ask(newest)}
    assert len(rows) == SESSIONS and names[0] not in rows
    assert rows[names[1]].title == "renamed zebra"
    assert catalog.ask(lambda db: search(db, '"task number 0"')) == []


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_catalogue_is_made_again(catalog: Catalog, content: bytes) -> None:
    catalog.ask(count)
    catalog.path.write_bytes(content)
    assert catalog.ask(count) == SESSIONS


def test_a_catalogue_with_a_broken_page_is_made_again(catalog: Catalog) -> None:
    catalog.ask(count)
    with sqlite3.connect(catalog.path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = bytearray(catalog.path.read_bytes())
    content[4096 : 4096 * 8] = b"\xee" * (4096 * 7)
    catalog.path.write_bytes(content)
    assert len(catalog.ask(newest)) == SESSIONS


def test_a_catalogue_of_another_version_is_made_again(catalog: Catalog) -> None:
    catalog.ask(count)
    with sqlite3.connect(catalog.path) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    assert catalog.ask(count) == SESSIONS


def test_where_nothing_can_be_written_it_is_kept_in_memory(work_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    assert Catalog(work_dir, tmp_path / "a file" / "catalog.sqlite").ask(count) == SESSIONS


def _ask(work_dir: str, path: str) -> int:
    return Catalog(Path(work_dir), Path(path)).ask(count)


def test_several_processes_make_it_at_once(work_dir: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        found = pool.starmap(_ask, [(str(work_dir), str(tmp_path / "shared.sqlite"))] * 3)
    assert found == [SESSIONS] * 3


def test_figures_of_all_sessions_and_of_groups(catalog: Catalog) -> None:
    everything = catalog.ask(overall)
    assert everything == SessionFigures(
        sessions=9,
        ended=9,
        accepted=6,
        acceptance=0.6667,
        iterations_to_green=1.0,
        calls=9,
        prompt_tokens=8100,
        completion_tokens=1800,
        cost_usd=0.009,
        seconds=9.0,
    )
    gates = catalog.ask(lambda db: grouped(db, "gate"))
    assert gates["lint"] == GateFigures(runs=9, red=3, skipped=0, sessions=9, sessions_red=3)
    models = catalog.ask(lambda db: grouped(db, "model"))
    assert {name: figures.sessions for name, figures in models.items()} == {"m0": 5, "m1": 4}
    roles = catalog.ask(lambda db: grouped(db, "role"))
    assert isinstance(roles["developer"], CallFigures) and roles["developer"].calls == 9
    assert set(catalog.ask(lambda db: grouped(db, "kind"))) == {"run"}
    assert set(catalog.ask(lambda db: grouped(db, "prompt"))) == {""}


def test_hostile_and_broken_sessions_are_catalogued_too(tmp_path: Path) -> None:
    write_log(tmp_path / "w" / "hostile", hostile_session(giant=1000))
    torn = write_log(tmp_path / "w" / "torn", hostile_session(giant=1000)) / "transcript.jsonl"
    lines = torn.read_bytes().splitlines(keepends=True)
    torn.write_bytes(b"".join([*lines[:4], b"\xff\x00 garbage\n", b'{"type": 7}\n', b"[]\n", lines[5][:40]]))
    odd = {"type": "gate", "seq": "x", "name": ["y"], "findings": 7, "iteration": 1e400, "status": {}}
    (tmp_path / "w" / "odd").mkdir()
    (tmp_path / "w" / "odd" / "transcript.jsonl").write_text(json.dumps(odd) + "\n")
    (tmp_path / "w" / "odd" / "session.json").write_text('{"status": ["x"], "title": "\\ud800"}')
    catalog = Catalog(tmp_path / "w", tmp_path / "c.sqlite")
    rows = {row.name: row for row in catalog.ask(newest)}
    assert set(rows) == {"hostile", "torn", "odd"}
    assert rows["hostile"].status == HOSTILE and rows["torn"].status == ""
    assert catalog.ask(lambda db: search(db, "onerror"))
