"""Whole sessions by the real command: a tiny tape, the real sandbox, the real gates."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from executors import SandboxUnavailable
from executors.opening import open_executor

ROOT = Path(__file__).resolve().parents[3]
GOOD = """\
\"\"\"Sums.\"\"\"


def add(left: int, right: int) -> int:
    \"\"\"Add two numbers.\"\"\"
    return left + right
"""
BAD = '"""Sums."""\n\nimport os\n\n\ndef add(left: int, right: int) -> int:\n    return str(left + right)\n'
ALONE = ("--no-tests", "--no-review", "--gates", "syntax,types")
Command = Callable[..., subprocess.CompletedProcess[str]]


def tape(folder: Path, *codes: str) -> Path:
    """A tape on which the developer answers with `calc.py`, once for each of the codes."""
    lines = [
        {
            "type": "model_call",
            "agent": "developer",
            "answer": {"content": f"```python\n# filename: calc.py\n{code}```\n"},
        }
        for code in codes
    ]
    file = folder / "tape.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.fixture(scope="module", autouse=True)
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        open_executor("auto", work_dir=tmp_path_factory.mktemp("probe")).close()
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One accepted session, and the folder that it was started in."""
    folder = tmp_path_factory.mktemp("started here")
    environ = {**os.environ, "XDG_CONFIG_HOME": str(folder / "xdg"), "PYTHONPATH": str(ROOT)}
    model = f"tape:{tape(folder, BAD, GOOD)}"
    command = [sys.executable, "-m", "team.cli", "run", "add two numbers", "--model", model, *ALONE, "--json"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return folder, done


@pytest.fixture
def project(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    return ran[0]


@pytest.fixture
def told(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ran[1].stdout)
    return answer


def test_a_run_ends_accepted_with_one_json_object(
    ran: tuple[Path, subprocess.CompletedProcess[str]], told: dict[str, Any]
) -> None:
    folder, done = ran
    assert done.returncode == 0, done.stderr
    assert (told["status"], told["reason"], told["iterations"]) == ("accepted", "accepted", 2)
    assert told["path"] == str(folder / "workspace" / told["session"])
    assert told["files"] == [f"{told['path']}/files/calc.py"]
    assert told["gates"]["types"]["status"] == "pass"
    assert "Traceback" not in done.stderr


def test_list_and_show_tell_of_it(devteam: Command, told: dict[str, Any]) -> None:
    assert told["session"] in devteam("list").stdout
    shown = devteam("show", "last").stdout
    assert "accepted" in shown
    assert "developer" in shown
    assert json.loads(devteam("show", told["session"], "--json").stdout)["status"] == "accepted"


def test_resuming_what_has_ended_asks_nobody_again(devteam: Command, told: dict[str, Any]) -> None:
    done = devteam("resume", "last", "--json")
    again = json.loads(done.stdout)
    assert (done.returncode, again["status"]) == (0, "accepted")
    assert again["model_calls"] == told["model_calls"]


def test_a_replay_is_the_same_again(devteam: Command, told: dict[str, Any]) -> None:
    done = devteam("replay", told["session"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the same again" in done.stdout


def test_a_tape_that_ends_early_is_exit_3_with_what_there_is(devteam: Command, tmp_path: Path) -> None:
    file = tape(tmp_path, BAD)
    done = devteam("run", "add", "--model", f"tape:{file}", *ALONE, "--work-dir", str(tmp_path / "w"))
    assert done.returncode == 3
    assert "failed — the tape has no further answer" in done.stdout
    assert f"devteam show {tmp_path}/w/" in done.stdout


def test_used_up_iterations_are_exit_1_and_quiet_is_one_line(devteam: Command, tmp_path: Path) -> None:
    work_dir = tmp_path / "w"
    done = devteam(
        *("run", "add", "--model", f"tape:{tape(tmp_path, BAD)}", *ALONE, "--max-iterations", "1"),
        *("--quiet", "--work-dir", str(work_dir)),
    )
    assert done.returncode == 1
    assert done.stdout.startswith(f"rejected {work_dir}/")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_output_gets_a_copy_of_the_files(devteam: Command, tmp_path: Path) -> None:
    done = devteam(
        *("run", "-", "--model", f"tape:{tape(tmp_path, GOOD)}", *ALONE, "--work-dir", str(tmp_path / "w")),
        *("--output", str(tmp_path / "out")),
        stdin="add two numbers",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "calc.py").read_text() == GOOD


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("", 130)])
def test_a_person_has_the_last_word(devteam: Command, tmp_path: Path, said: str, code: int) -> None:
    done = devteam(
        *("run", "add", "--model", f"tape:{tape(tmp_path, GOOD)}", *ALONE, "--approve", "ask"),
        *("--work-dir", str(tmp_path / "w")),
        stdin=said,
    )
    assert done.returncode == code, done.stderr
    assert "Accept this result?" in done.stderr


def test_giving_up_the_sandbox_is_never_taken_from_a_recorded_session(
    devteam: Command, tmp_path: Path, told: dict[str, Any]
) -> None:
    folder = tmp_path / "20261120-foreign"
    folder.mkdir()
    (folder / "transcript.jsonl").write_bytes(Path(told["path"], "transcript.jsonl").read_bytes())
    summary = json.loads(Path(told["path"], "session.json").read_text())
    summary["config"]["executor"] = "unconfined"
    (folder / "session.json").write_text(json.dumps(summary))
    done = devteam("replay", str(folder))
    assert done.returncode == 2
    assert "never taken from a file" in done.stderr


def test_check_judges_existing_code_and_leaves_it_alone(devteam: Command, tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "calc.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    good = devteam("check", str(tmp_path / "good"), "--no-tests", "--json")
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["status"] == "accepted"
    bad = devteam("check", str(tmp_path / "bad.py"), "--gates", "lint,types")
    assert bad.returncode == 1
    assert "bad.py:3: `os` imported but unused [F401]" in bad.stdout
    assert (tmp_path / "bad.py").read_text() == BAD
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bad.py", "calc.py", "good"]


def test_ctrl_c_in_the_middle_is_130_and_resume_comes_to_the_end(
    devteam: Command, environ: dict[str, str], tmp_path: Path
) -> None:
    work_dir = tmp_path / "w"
    model = f"tape:{tape(tmp_path, BAD, GOOD)}"
    options = [*ALONE, "--model", model, "--work-dir", str(work_dir), "--json"]
    running = subprocess.Popen(
        [sys.executable, "-m", "team.cli", "run", "add two numbers", *options],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    wait_for(lambda: any('"snapshot"' in log.read_text() for log in work_dir.glob("*/transcript.jsonl")))
    running.send_signal(signal.SIGINT)
    told = json.loads(running.stdout.read())
    assert (running.wait(timeout=30), told["status"], told["reason"]) == (130, "stopped", "interrupted")
    running.stdout.close()
    assert processes_in(told["path"]) == []

    done = devteam("resume", told["path"], "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["session"] == told["session"]


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.02)


def processes_in(path: str) -> list[str]:
    """The command lines of all processes that have to do with a folder."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(entry.read_bytes().decode(errors="replace"))
    return [line for line in lines if path in line]


def test_check_prints_what_other_tools_read(devteam: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    told = devteam("check", str(tmp_path / "bad.py"), "--gates", "types", "--format", "github")
    assert (told.returncode, "bad.py,line=7,title=types%3A " in told.stdout) == (1, True), told.stdout
    both = devteam("check", str(tmp_path / "bad.py"), "--json", "--format", "sarif")
    assert (both.returncode, "two forms" in both.stderr) == (2, True)
