"""`show`, `list`, `stats`, `diff` and `verify` on made-up sessions, as a person calls them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.transcripts import GATES, hostile_session, long_session, write_log, write_sessions

from team.cli import main

LONG, HOSTILE = "20260102-030405-long-beef", "20260102-030405-hostile-beef"
TURNS = 20
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sessions")
    write_log(folder / LONG, long_session(TURNS * 11 + 3, 60_000))
    write_log(folder / HOSTILE, hostile_session())
    return folder


@pytest.fixture
def devteam(
    work_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Call the command in this process: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path / "cache"))

    def call(*arguments: str, work_dir: Path = work_dir) -> tuple[int, str, str]:
        try:
            code = main([*arguments, "--work-dir", str(work_dir)])
        except SystemExit as ending:
            code = int(ending.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_show_begins_with_the_verdict_and_ends_with_what_was_said(devteam: Call) -> None:
    code, page, _ = devteam("show", LONG)
    assert code == 0 and page.startswith("accepted — every gate passes\n")
    places = [
        page.index(word) for word in ("\ngates\n", "\nmodels\n", "── task · start", "── developer · code")
    ]
    assert places == sorted(places)
    assert "8 earlier" in page, "only the newest iterations have a column"
    assert "  app/part_1.py +" in page and "needle" not in page


def test_show_full_shows_the_code(devteam: Call) -> None:
    assert "needle" in devteam("show", LONG, "--full")[1]


def test_one_iteration_and_one_role(devteam: Call) -> None:
    page = devteam("show", LONG, "--iteration", "7")[1]
    assert "Attempt 7." in page and "undefined name 'y7'" in page
    assert "Attempt 6." not in page and "Attempt 8." not in page and "\ngates\n" not in page
    page = devteam("show", LONG, "--role", "code_reviewer")[1]
    assert page.count("code_reviewer: review: approve") == TURNS and "Attempt" not in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--iteration", "21"), "there is no iteration 21 — the session has 20"),
        (
            ("--role", "boss"),
            "nobody called 'boss' speaks in it — the roles are code_reviewer, developer, executor",
        ),
        (("-i",), "-i needs a terminal"),
        (("--otel",), "no place for traces is named"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    devteam: Call, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = devteam("show", LONG, *arguments)
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1


def test_blame_names_the_message(devteam: Call) -> None:
    page = devteam("show", LONG, "--blame")[1]
    assert "✗ lint in iteration 1" in page and "#3 developer: Attempt 1." in page


def test_show_json_is_one_object(devteam: Call) -> None:
    told = json.loads(devteam("show", LONG, "--json")[1])
    assert told["session"] == LONG and len(told["events"]) == TURNS * 11 + 3


@pytest.mark.parametrize(
    "arguments", [(), ("--full",), ("--blame",), ("--iteration", "1"), ("--json",), ("--follow",)]
)
def test_hostile_text_is_inert(devteam: Call, arguments: tuple[str, ...]) -> None:
    code, page, _ = devteam("show", HOSTILE, *arguments)
    assert code == 0
    assert not set(page) & set("\x1b\x07\x9b\x00\r\u202e\u2066")
    assert "--full" in arguments or "--json" in arguments or max(map(len, page.splitlines())) < 1000


def test_hostile_sessions_are_listed_searched_and_compared(devteam: Call) -> None:
    for arguments in (
        ("list",),
        ("list", "--search", "onerror"),
        ("stats",),
        ("diff", HOSTILE, LONG),
        ("verify", HOSTILE),
    ):
        _, page, err = devteam(*arguments)
        assert page and not set(page + err) & set("\x1b\x07\x9b\x00\r\u202e\u2066"), arguments
        assert "Traceback" not in err


def test_a_broken_log_is_shown_with_what_was_lost(devteam: Call, work_dir: Path, tmp_path: Path) -> None:
    lines = (work_dir / LONG / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    broken = tmp_path / "w" / LONG
    broken.mkdir(parents=True)
    middle = lines[20][: len(lines[20]) // 2] + b"\x00\xff" + lines[20][len(lines[20]) // 2 :]
    other = lines[30].replace(LONG.encode(), b"other")
    torn = lines[60][:50]
    content = [*lines[:10], b"garbage\n", *lines[10:20], middle, *lines[21:30], other, *lines[30:60], torn]
    (broken / "transcript.jsonl").write_bytes(b"".join(content))
    code, page, _ = devteam("show", LONG, work_dir=tmp_path / "w")
    assert code == 0
    assert "damaged log, line 11: not a JSON object" in page
    assert "lost: line 22: not a JSON object" in page
    assert "line 32: belongs to another session, 'other'" in page
    assert "line 63: torn off while it was written" in page
    assert page.startswith("stopped — it was cut off; devteam resume")
    assert devteam("list", work_dir=tmp_path / "w")[0] == 0
    code, page, _ = devteam("verify", LONG, work_dir=tmp_path / "w")
    assert code == 1 and "line 11: not a JSON object" in page
    code, page, _ = devteam("diff", LONG, str(work_dir / LONG), work_dir=tmp_path / "w")
    assert code == 0 and "they part after" in page


def test_list_filters_and_limits(devteam: Call, tmp_path: Path) -> None:
    write_sessions(tmp_path / "many", 6)
    names = sorted((path.name for path in (tmp_path / "many").iterdir()), reverse=True)
    page = devteam("list", "--limit", "2", work_dir=tmp_path / "many")[1]
    assert [line.split()[0] for line in page.splitlines()[1:]] == [*names[:2], "4"]
    page = devteam("list", "--status", "rejected", work_dir=tmp_path / "many")[1]
    assert len(page.splitlines()) == 3 and "accepted" not in page
    told = json.loads(devteam("list", "--json", "-n", "1", work_dir=tmp_path / "many")[1])
    assert [session["session"] for session in told["sessions"]] == names[:1]
    found = devteam("list", "--search", "task number 3", work_dir=tmp_path / "many")[1]
    assert names[2] in found and "#1 task: Write task number 3." in found
    assert devteam("list", "--status", "good", work_dir=tmp_path / "many")[0] == 2
    assert "no sessions in" in devteam("list", work_dir=tmp_path / "nothing")[1]


def test_stats_by_everything_and_by_one(devteam: Call, tmp_path: Path) -> None:
    write_sessions(tmp_path / "many", 6)
    page = devteam("stats", work_dir=tmp_path / "many")[1]
    assert "6, 6 ended, 4 accepted (67%)" in page
    assert all(f"by {group}" in page for group in ("gate", "kind", "prompt", "model", "role"))
    told = json.loads(devteam("stats", "--by", "gate", "--json", work_dir=tmp_path / "many")[1])
    assert set(told["by_gate"]) == set(GATES) and told["by_gate"]["lint"]["red"] == 2
    assert devteam("stats", "--by", "weather", work_dir=tmp_path / "many")[0] == 2


def test_diff_names_where_two_sessions_part(devteam: Call, tmp_path: Path) -> None:
    events = list(long_session(3 * 11 + 3, 9_000))
    write_log(tmp_path / "w" / "one", events)
    call = events[13]
    events[13] = call.model_copy(update={"answer": {"content": "Another attempt.", "model": "m"}})
    write_log(tmp_path / "w" / "two", events[:-1])
    code, page, _ = devteam("diff", "one", "two", work_dir=tmp_path / "w")
    assert code == 0
    assert "they part after 13 events: the answer of developer (repair_code)" in page
    assert "A #13: line 1: Attempt 2." in page and "B #13: line 1: Another attempt." in page
    told = json.loads(devteam("diff", "one", "two", "--json", work_dir=tmp_path / "w")[1])
    assert told["first"]["a_seq"] == 13 and not told["same"]
    assert "the same in all 36 events" in devteam("diff", "one", "one", work_dir=tmp_path / "w")[1]


def on_a_terminal(work_dir: Path, *arguments: str, **environ: str) -> str:
    """What the command writes to a terminal of its own."""
    parent, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "PAGER")}
    process = subprocess.Popen(
        [sys.executable, "-m", "team.cli", *arguments, "--work-dir", str(work_dir)],
        stdin=child,
        stdout=child,
        stderr=child,
        env=kept | {"TERM": "xterm-256color", "COLUMNS": "120"} | environ,
    )
    os.close(child)
    pieces = []
    try:
        while piece := os.read(parent, 65536):
            pieces.append(piece)
    except OSError:  # the terminal is gone with the program
        pass
    os.close(parent)
    assert process.wait(60) == 0
    return b"".join(pieces).decode()


def test_a_terminal_gets_colours_and_a_pager(work_dir: Path) -> None:
    page = on_a_terminal(work_dir, "show", LONG, PAGER="sed s/^/paged:/")
    assert page.startswith("paged:\x1b[1;32maccepted")
    assert all(line.startswith("paged:") for line in page.splitlines())


def test_no_color_is_heard_and_a_pager_that_is_left_is_no_error(work_dir: Path) -> None:
    page = on_a_terminal(work_dir, "show", LONG, NO_COLOR="1", PAGER="head -1")
    assert page.split("\r\n") == ["accepted — every gate passes", ""]
