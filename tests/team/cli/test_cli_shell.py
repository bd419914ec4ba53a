"""The outermost shell: help, versions, one line for what went wrong, the right exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_without_arguments_it_tells_the_first_commands(devteam: Command) -> None:
    done = devteam()
    assert done.returncode == 0
    assert "devteam crud SPEC" in done.stdout
    assert len(done.stdout.splitlines()) < 12


def test_help_lists_the_commands_that_work_and_no_others(devteam: Command) -> None:
    done = devteam("--help")
    listed = {
        line.split()[1] for line in done.stdout.splitlines() if line.startswith("│ ") and line[2].isalpha()
    }
    assert {
        "run",
        "api",
        "crud",
        "etl",
        "solve",
        "check",
        "list",
        "show",
        "stats",
        "resume",
        "replay",
        "doctor",
        "config",
    } <= listed
    assert not listed & {"batch", "mcp"}


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--search", "x"], ["stats"]])
def test_what_is_quick_waits_for_nothing_it_does_not_need(
    project: Path, environ: dict[str, str], arguments: list[str]
) -> None:
    script = f"import sys; from team.cli import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, env=environ, capture_output=True, text=True, check=True
    )
    heavy = {"autogen", "openai", "docker", "pandas", "pydantic", "team.session", "team.gates"}
    assert not heavy & set(done.stderr.split())


def test_a_setting_for_sessions_is_no_matter_to_a_list_but_a_wrong_name_is(devteam: Command) -> None:
    assert devteam("list", env={"DEVTEAM_MODEL": "draft", "DEVTEAM_TIMEOUT": "x"}).returncode == 0
    done = devteam("list", env={"DEVTEAM_MODLE": "draft"})
    assert done.returncode == 2 and "DEVTEAM_MODEL" in done.stderr
    assert devteam("list", env={"DEVTEAM_JSON": "1"}).stdout.startswith("{")


def test_a_list_hears_where_the_project_says_that_sessions_lie(devteam: Command, project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.devteam]\nwork_dir = "elsewhere"\n')
    assert "elsewhere" in devteam("list").stdout
    (project / "pyproject.toml").write_text("[tool.devteam]\nwork_dri = 1\n")
    assert devteam("list").returncode == 2


def test_the_version_is_one_line(devteam: Command) -> None:
    done = devteam("--version")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert done.stdout.startswith("devteam ")


def test_no_colour_reaches_a_pipe_or_a_person_who_wants_none(devteam: Command) -> None:
    done = devteam("config", "show", env={"NO_COLOR": "1", "FORCE_COLOR": ""})
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--nonsense", "x"], "No such option: --nonsense"),
        (["frobnicate"], "frobnicate"),
        (["crud"], "Missing argument"),
        (["run"], "say what to build exactly once"),
        (["run", "x", "--file", "y"], "say what to build exactly once"),
        (["run", "--file", "missing.md"], "missing.md cannot be read: No such file or directory"),
        (["run", "-"], "stdin: nothing is written there"),
        (["run", "x", "--coverage", "140"], "--coverage is '140' — it must be less than or equal to 100"),
        (["run", "x", "--role-budget", "developer"], "write ROLE=BOUNDS, such as developer=0.50usd+20calls"),
        (["run", "x", "--role-budget", "tester=5calls"], "there is no role 'tester'"),
        (["run", "x", "--role-budget", "developer=5cows"], "'5cows' is no bound"),
        (["run", "x", "--max-total-tokens", "0"], "--max-total-tokens is '0' — it must be greater than 0"),
        (["run", "x", "--work-dir", "/proc/nowhere"], "cannot write to /proc/nowhere"),
        (["show", "nothing"], "there is no session 'nothing'"),
        (["show", "last"], "there is no session in workspace yet"),
        (["resume", "last"], "there is no session in workspace yet"),
        (["check", "missing"], "missing cannot be read: No such file or directory"),
        (["check", ".", "--gates", "lind"], "there is no gate 'lind'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_one_line_and_exit_2(
    devteam: Command, project: Path, arguments: list[str], words: str
) -> None:
    done = devteam(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.startswith("devteam: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(project.iterdir()) == []


def test_a_wrong_file_is_named(devteam: Command, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.devteam]\nmodle = 'x'\n")
    done = devteam("config", "show")
    assert done.returncode == 2
    assert "there is no setting 'modle'" in done.stderr
    assert "pyproject.toml" in done.stderr
    assert "did you mean model?" in done.stderr


def test_requirements_that_are_a_files_name_are_taken_for_a_slip(devteam: Command, project: Path) -> None:
    (project / "wishes.md").write_text("a rate limiter")
    done = devteam("run", "wishes.md")
    assert done.returncode == 2
    assert "devteam run --file wishes.md" in done.stderr


def test_requirements_must_be_text(devteam: Command, project: Path) -> None:
    (project / "wishes.bin").write_bytes(b"\xff\xfe\x00")
    done = devteam("run", "--file", "wishes.bin")
    assert (done.returncode, "wishes.bin is not UTF-8 text" in done.stderr) == (2, True)


def test_without_a_model_free_form_requirements_get_a_screen(devteam: Command, project: Path) -> None:
    done = devteam("run", "a rate limiter")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in ("OPENAI_API_KEY", "Ollama", "make demo"):
        assert word in done.stderr
    assert list(project.iterdir()) == []


def test_a_traceback_is_only_for_those_who_ask(devteam: Command) -> None:
    assert "Traceback" not in devteam("show", "nothing").stderr
    assert "Traceback" in devteam("show", "nothing", "--verbose").stderr


def test_a_reader_who_leaves_is_no_error(project: Path, environ: dict[str, str]) -> None:
    command = f"{sys.executable} -m team.cli config show | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=project, env=environ, capture_output=True, text=True)
    assert (done.returncode in (0, 1), done.stderr) == (True, "")


def test_an_empty_folder_lists_no_sessions(devteam: Command) -> None:
    done = devteam("list")
    assert (done.returncode, "no sessions in workspace yet" in done.stdout) == (0, True)
    assert json.loads(devteam("list", "--json").stdout) == {"sessions": []}


def test_ctrl_c_ends_with_130(project: Path, environ: dict[str, str]) -> None:
    waiting = subprocess.Popen(
        [sys.executable, "-m", "team.cli", "run", "-"],
        cwd=project,
        env=environ,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert waiting.stdin is not None and waiting.stderr is not None
    time.sleep(2)
    os.kill(waiting.pid, signal.SIGINT)
    assert waiting.wait(timeout=20) == 130
    assert b"Traceback" not in waiting.stderr.read()
    waiting.stdin.close()
    waiting.stderr.close()
