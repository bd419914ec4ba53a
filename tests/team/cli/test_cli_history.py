"""A session is found by its id, the beginning of one, its path, or `last`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.transcripts import write_small_session

from team.cli.history import find_session, session_names, tell_what_was_lost
from team.errors import SessionNotFound

OLD, NEW, NEWEST = (
    "20261119-080000-invoice-aaaa",
    "20261120-080000-limiter-bbbb",
    "20261120-090000-limiter-cccc",
)


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    for name in (NEW, OLD, NEWEST):
        (tmp_path / name).mkdir()
        (tmp_path / name / "transcript.jsonl").touch()
    (tmp_path / "20261121-no-session").mkdir()
    (tmp_path / "README.md").touch()
    return tmp_path


def test_the_newest_comes_first_and_other_folders_do_not_count(work_dir: Path) -> None:
    assert session_names(work_dir) == [NEWEST, NEW, OLD]


@pytest.mark.parametrize(
    ("name", "found"), [("last", NEWEST), (OLD, OLD), ("20261119", OLD), ("20261120-08", NEW)]
)
def test_a_name_that_means_one_session_finds_it(work_dir: Path, name: str, found: str) -> None:
    assert find_session(name, work_dir) == work_dir / found


def test_a_path_finds_a_session_anywhere(work_dir: Path, tmp_path: Path) -> None:
    assert find_session(str(work_dir / OLD), tmp_path / "elsewhere") == work_dir / OLD


def test_a_beginning_of_two_names_both(work_dir: Path) -> None:
    with pytest.raises(
        SessionNotFound, match=f"2 sessions begin with '20261120' — say which: {NEWEST}, {NEW}"
    ):
        find_session("20261120", work_dir)


@pytest.mark.parametrize("name", ["", "20270101", "invoic"])
def test_what_names_no_session_is_refused(work_dir: Path, name: str) -> None:
    with pytest.raises(SessionNotFound):
        find_session(name, work_dir)


def test_a_session_that_goes_on_says_what_it_lost_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_small_session(tmp_path / OLD)
    tell_what_was_lost(folder)
    assert capsys.readouterr().err == ""
    log = folder / "transcript.jsonl"
    log.write_bytes(log.read_bytes() + b"garbage\n" * 7 + b'{"torn')
    tell_what_was_lost(folder)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "lost in the record: line 13: not a JSON object"
    assert told[5:] == ["lost in the record: and 3 more"]


def test_a_folder_that_is_no_session_is_not_proposed(work_dir: Path) -> None:
    with pytest.raises(SessionNotFound, match="devteam list shows the sessions"):
        find_session("20261121-no-sess", work_dir)
