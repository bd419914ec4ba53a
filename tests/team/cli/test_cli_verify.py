"""`verify --replay`: what the recorded answers come to now, on a real session through a real sandbox."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tapes import RIGHT, TASK, WRONG, write_tape

from team.cli import main
from team.config import CodeGenerationConfig
from team.session import run_session
from team.specs import TaskSpec
from team.transcript.jsonlines import digest, encode

Call = Callable[..., tuple[int, str, str]]
Lines = list[bytes]


@pytest.fixture(scope="module", params=["accepted", "rejected"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of one iteration without tests; tests work on copies."""
    folder = tmp_path_factory.mktemp("recorded")
    code = RIGHT if request.param == "accepted" else WRONG.replace("title: str", "title: str, x: sting")
    config = CodeGenerationConfig(
        model=f"tape:{write_tape(folder / 'tape.jsonl', ('developer', code))}",
        work_dir=folder / "workspace",
        include_tests=False,
        include_review=False,
        gates=("syntax", "lint"),
        max_iterations=1,
    )
    result = run_session(TaskSpec(requirements=TASK), config)
    assert result.status == request.param
    return Path(result.path)


@pytest.fixture
def session(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "workspace" / recorded.name))


@pytest.fixture
def verify(session: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["verify", str(session), "--replay", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def rewrite(session: Path, change: Callable[[Lines], Lines]) -> None:
    """Change the log and chain it again, with `session.json` naming its new last line."""
    path, prev, lines = session / "transcript.jsonl", "", []
    for line in change(path.read_bytes().splitlines()):
        lines.append(encode(json.loads(line) | {"prev": prev}))
        prev = digest(lines[-1])
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    told = json.loads((session / "session.json").read_text())
    told["log"]["digest"] = prev
    (session / "session.json").write_text(json.dumps(told))


def test_the_same_answers_come_to_the_same_evidence(verify: Call) -> None:
    code, page, _ = verify()
    assert code == 0 and "and the gates say the same again" in page


def test_a_gate_that_says_something_else_now_is_stale(session: Path, verify: Call) -> None:
    """Whoever fakes a gate and chains the whole log anew is found out by running it."""
    flip = {b'"status":"pass"': b'"status":"fail"', b'"status":"fail"': b'"status":"pass"'}

    def change(lines: Lines) -> Lines:
        at = next(n for n, line in enumerate(lines) if b'"name":"syntax"' in line)
        old = next(status for status in flip if status in lines[at])
        return [*lines[:at], lines[at].replace(old, flip[old]), *lines[at + 1 :]]

    rewrite(session, change)
    code, page, _ = verify()
    assert code == 1 and "stale: iteration 1, gate syntax: fail before, pass now" in page
    told = json.loads(verify("--json")[1])
    assert (told["intact"], told["stale"]) == (False, ["iteration 1, gate syntax: fail before, pass now"])


def test_what_a_killed_session_did_not_come_to_is_not_stale(session: Path, verify: Call) -> None:
    lines = (session / "transcript.jsonl").read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"name":"lint"' in line)
    (session / "transcript.jsonl").write_bytes(b"".join(lines[:at]))
    (session / "session.json").write_text(
        json.dumps(json.loads((session / "session.json").read_text()) | {"status": "running", "log": None})
    )
    code, page, _ = verify()
    assert code == 0 and "the session has no end" in page and "stale" not in page


def test_a_session_that_lost_an_answer_says_so_and_is_not_replayed(session: Path, verify: Call) -> None:
    path = session / "transcript.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"type":"model_call"', b'"type":"model_ca\x00"'))
    code, page, _ = verify()
    assert code == 1 and "not a JSON object" in page and "· not replayed: " in page and "stale" not in page


def test_a_missing_sandbox_makes_no_evidence_stale(verify: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    code, page, err = verify("--executor", "docker", "--quiet")
    assert (code, page) == (3, "") and "the gates could not be run again" in err and err.count("\n") == 1
