"""Every reason for which a session ends, by the command; `test_cli_session` has those that are not here."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.openai_server import OpenAIServer, Reply
from support.tapes import RIGHT, file_block, write_tape

from team.result import Reason

Command = Callable[..., subprocess.CompletedProcess[str]]
ALONE = ("--no-tests", "--no-review", "--gates", "syntax")
BROKEN, BROKEN_TOO = file_block("slug.py", "def slug(:"), file_block("slug.py", "def slug(title")
MD5 = file_block(
    "slug.py",
    '"""Digests."""\n\nimport hashlib\n\n\ndef slug(title: str) -> str:\n    """A digest."""\n'
    "    return hashlib.md5(title.encode()).hexdigest()",
)
PROSE = """
name: Note
fields: [{name: text, type: text}]
business_rules: [Notes are sent weekly to whoever wrote them]
"""


@pytest.fixture
def ended(devteam: Command, project: Path) -> Callable[..., tuple[str, str, int]]:
    """Runs a session and gives its status, its reason and the exit code."""

    def go(
        *arguments: str, answers: tuple[Any, ...] = (), env: dict[str, str] | None = None
    ) -> tuple[str, str, int]:
        model: tuple[str, ...] = ()
        if answers:
            lines = [("developer", answer) if isinstance(answer, str) else answer for answer in answers]
            model = ("--model", f"tape:{write_tape(project / 'tape.jsonl', *lines)}")
        done = devteam(*arguments, *model, "--json", env=env)
        assert "Traceback" not in done.stderr
        assert done.stdout, done.stderr
        told = json.loads(done.stdout)
        reason = Reason(told["reason"])
        assert (told["status"], done.returncode) == (reason.status, reason.exit_code)
        return told["status"], told["reason"], done.returncode

    return go


Ended = Callable[..., tuple[str, str, int]]


def test_stuck(ended: Ended) -> None:
    told = ended("run", "slugs", *ALONE, answers=(BROKEN, BROKEN_TOO, BROKEN, BROKEN_TOO, BROKEN))
    assert told == ("stopped", "stuck", 1)


def test_money(ended: Ended) -> None:
    dear = {"type": "model_call", "agent": "developer", "answer": {"content": BROKEN}, "cost_usd": 0.5}
    told = ended("run", "slugs", *ALONE, "--max-cost", "0.9", answers=(dear, dear))
    assert told == ("stopped", "budget_cost", 1)


@pytest.mark.parametrize("bound", [("--max-calls", "1"), ("--role-budget", "developer=1call")])
def test_calls(ended: Ended, bound: tuple[str, str]) -> None:
    assert ended("run", "slugs", *ALONE, *bound, answers=(BROKEN, RIGHT)) == ("stopped", "budget_calls", 1)


def test_time(ended: Ended) -> None:
    told = ended("run", "slugs", *ALONE, "--max-seconds", "0.001", answers=(RIGHT,))
    assert told == ("stopped", "budget_time", 1)


def test_open_rules(ended: Ended, project: Path) -> None:
    (project / "note.yaml").write_text(PROSE)
    told = ended("crud", "note.yaml", "--model", "draft", "--gates", "syntax")
    assert told == ("rejected", "open_rules", 1)


def test_what_is_waived_and_approved_by_nobody(ended: Ended) -> None:
    options = ("--no-tests", "--no-review", "--gates", "security", "--waive", "B324:slug.py")
    assert ended("run", "slugs", *options, answers=(MD5,)) == ("rejected", "not_approved", 1)


def test_a_model_that_cannot_be_reached(ended: Ended) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        told = ended("run", "slugs", *ALONE, "--model", "m", "--base-url", url, env={"OPENAI_API_KEY": "k"})
    assert told == ("failed", "model_unreachable", 3)


def test_a_key_that_is_refused(ended: Ended) -> None:
    with OpenAIServer([Reply("no", status=401)] * 3) as server:
        options = ("--model", "m", "--base-url", server.url)
        told = ended("run", "slugs", *ALONE, *options, env={"OPENAI_API_KEY": "wrong"})
    assert told == ("failed", "model_refused_key", 3)


def test_an_answer_to_another_question(ended: Ended, project: Path) -> None:
    ended("run", "slugs", *ALONE, "--max-calls", "1", answers=(BROKEN, RIGHT))
    (folder,) = (project / "workspace").iterdir()
    assert ended("resume", str(folder), "--max-calls", "3", "--specialty", "data") == (
        "failed",
        "tape_mismatch",
        3,
    )


def test_no_sandbox(ended: Ended, project: Path) -> None:
    told = ended("run", "slugs", *ALONE, "--python", str(project / "nowhere"), answers=(RIGHT,))
    assert told == ("failed", "sandbox_unavailable", 3)


def test_a_gate_that_cannot_be_run(ended: Ended, project: Path) -> None:
    venv.create(project / "bare", with_pip=False)  # with the name of pytest, and nothing that it needs
    (packages,) = (project / "bare").glob("lib/python3*/site-packages")
    shutil.copytree(Path(pytest.__file__).parent, packages / "pytest")
    options = ("--no-review", "--gates", "tests", "--python", str(project / "bare" / "bin" / "python"))
    test = {
        "type": "model_call",
        "agent": "test_engineer",
        "answer": {"content": file_block("tests/test_a.py", "x = 1")},
    }
    assert ended("run", "slugs", *options, answers=(test, RIGHT)) == ("failed", "gate_error", 3)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk(ended: Ended, project: Path) -> None:
    small = project / "workspace"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False
    ).returncode:
        pytest.skip("this machine does not let root mount a file system")
    try:
        large = file_block("slug.py", '"""' + "Slugs. " * 20_000 + '"""')
        assert ended("run", "slugs", *ALONE, answers=(large,)) == ("failed", "disk", 3)
    finally:
        subprocess.run(["umount", str(small)], check=True)
