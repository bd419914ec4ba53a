"""What the judge found once it finds again: after a resume, in a replay; and survivors are work once."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from support.tapes import RIGHT, TASK, TESTS, WRONG, file_block, write_tape

from team.config import CodeGenerationConfig
from team.gates.base import Finding
from team.replaying import replay_session, resume_session
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript

WEAK = TESTS.replace('assert slug("Two Words") == "two-words"', 'assert slug("Two Words")')
BLAMES_TEST = ("code_reviewer", '{"fault": "test", "reason": "underscores will do"}')


def run(folder: Path, *answers: tuple[str, str], **settings: Any) -> GenerationResult:
    tape = write_tape(folder / "tape.jsonl", *answers)
    told = {"model": f"tape:{tape}", "work_dir": folder / "ws", "python": Path(sys.executable)} | settings
    return run_session(TaskSpec(requirements=TASK), CodeGenerationConfig(**told))


def findings(path: str | Path, iteration: int) -> list[Finding]:
    gates = Transcript.open(path).gates(iteration)
    return [finding for gate in gates if gate.name == "integrity" for finding in gate.findings]


@pytest.fixture(scope="module")
def cheated(tmp_path_factory: pytest.TempPathFactory) -> GenerationResult:
    """A session whose test engineer weakens a test, twice, and then restores it."""
    return run(
        tmp_path_factory.mktemp("cheated"),
        ("architect", "One module, slug.py."),
        ("test_engineer", TESTS),
        ("developer", WRONG),
        BLAMES_TEST,
        ("test_engineer", WEAK),
        ("test_engineer", WEAK + "\nStill."),
        gates=("syntax", "tests", "integrity"),
        max_iterations=3,
    )


def test_a_weakened_test_is_found_in_every_turn(cheated: GenerationResult) -> None:
    for iteration in (2, 3):
        assert {finding.rule for finding in findings(cheated.path, iteration)} == {"assertion-loosened"}


@pytest.mark.parametrize("turns", [1, 2])
def test_a_resumed_session_finds_the_same(cheated: GenerationResult, tmp_path: Path, turns: int) -> None:
    folder = tmp_path / "ws" / cheated.session
    shutil.copytree(cheated.path, folder)
    log = folder / "transcript.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    snapshots = [number for number, line in enumerate(lines) if b'"type":"snapshot"' in line]
    log.write_bytes(b"".join(lines[: snapshots[turns - 1] + 1]))
    resume_session(folder)
    for iteration in (1, 2, 3):
        assert findings(folder, iteration) == findings(cheated.path, iteration)


def test_a_replay_finds_the_same(cheated: GenerationResult) -> None:
    report = replay_session(Path(cheated.path))
    assert report.divergences == ()
    assert findings(report.result.path, 3) == findings(cheated.path, 3)


MARKED = RIGHT.replace(
    'return "-".join', 'if len(title) > 3:\n        title = title.strip()\n    return "-".join'
)
MORE = file_block(
    "tests/test_more.py",
    "from slug import slug\n\n\ndef test_short() -> None:\n    assert slug('A b') == 'a-b'\n",
)


def test_without_a_threshold_survivors_are_told_and_nobody_is_asked(tmp_path: Path) -> None:
    first = run(
        tmp_path,
        ("test_engineer", TESTS),
        ("developer", MARKED),
        gates=("tests", "mutation"),
        include_review=False,
    )
    told = first.gates["mutation"]
    assert (first.reason, told.status, bool(told.findings)) == (Reason.ACCEPTED, "pass", True)


def test_survivors_are_work_for_the_test_engineer_once(tmp_path: Path) -> None:
    answers = (("test_engineer", TESTS), ("developer", MARKED), ("test_engineer", MORE))
    result = run(
        tmp_path, *answers, gates=("syntax", "tests", "mutation"), mutation=100, include_review=False
    )
    log = Transcript.open(result.path)
    assert (len(log.answers("test_engineer")), len(log.answers("developer"))) == (2, 1)
    assert (result.reason, result.iterations) == (Reason.STUCK, 2)
    assert result.gates["mutation"].status == "fail"
    assert {finding.rule for finding in result.gates["mutation"].findings} == {"surviving-mutant"}
