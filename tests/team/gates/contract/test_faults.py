"""Whose fault a failing test is, by the examples of the requirements, and what a session makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.gate_trees import Make
from support.tapes import APPROVE, file_block, write_tape

from team.config import CodeGenerationConfig
from team.gates import judge
from team.gates.base import Finding, GateSettings
from team.gates.testfailures import CODE_AT_FAULT, SILENT, TEST_AT_FAULT
from team.result import Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript

REQUIREMENTS = "Write square(n) in squares.py.\n\n>>> square(3)\n9\n>>> square(-1)\n1\n"
RIGHT = (
    '"""Squares."""\n\n\ndef square(n: int) -> int:\n    """The square of a number."""\n    return n * n\n'
)
WRONG = RIGHT.replace("n * n", "n * 3")
HEAD = "import pytest\nfrom squares import square as sq\n\n\n"

Tried = Callable[[str, str], Finding]


@pytest.fixture
def tried(target: Make) -> Tried:
    """The tests gate's one finding about a test of a solution: ``tried(test, source)``."""

    def one(test: str, source: str, requirements: str = REQUIREMENTS) -> Finding:
        files: Mapping[str, str] = {"squares.py": source, "tests/test_squares.py": HEAD + test}
        tree = replace(target(files, GateSettings(timeout=30)), spec=TaskSpec(requirements=requirements))
        (result,) = judge(tree, ["tests"])
        (finding,) = result.findings
        return finding

    return one


@pytest.mark.parametrize(
    ("rule", "source", "test"),
    [
        (TEST_AT_FAULT, RIGHT, "def test_it() -> None:\n    assert sq(3) == 8\n"),
        (TEST_AT_FAULT, RIGHT, "def test_it() -> None:\n    found = sq(3)\n    assert 2 + 6 == found\n"),
        (TEST_AT_FAULT, RIGHT, "def test_it() -> None:\n    assert sq(n=3) == 8\n"),
        (
            TEST_AT_FAULT,
            RIGHT,
            "def test_it() -> None:\n    with pytest.raises(ValueError):\n        sq(-1)\n",
        ),
        (
            TEST_AT_FAULT,
            RIGHT,
            '@pytest.mark.parametrize(("n", "m"), [(2, 4), (3, 6)])\n'
            "def test_it(n: int, m: int) -> None:\n    assert sq(n) == m\n",
        ),
        (
            TEST_AT_FAULT,
            RIGHT,
            "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(3) == 6\n\n\n"
            "def test_it() -> None:\n    check(sq)\n",
        ),
        (CODE_AT_FAULT, WRONG, "def test_it() -> None:\n    assert sq(-1) == 1\n"),
        (CODE_AT_FAULT, WRONG, "def test_it() -> None:\n    assert sq(5) == 25\n"),
        (CODE_AT_FAULT, WRONG, "def test_it() -> None:\n    assert sum(map(sq, [1, 2])) == 5\n"),
        (SILENT, RIGHT, "def test_it() -> None:\n    assert sq(5) == 24\n"),
        (SILENT, RIGHT, "def test_it() -> None:\n    assert sum(map(sq, [1, 2])) == 4\n"),
    ],
)
def test_evidence_settles_what_it_can(tried: Tried, rule: str, source: str, test: str) -> None:
    finding = tried(test, source)
    assert finding.rule == rule
    assert ("the requirements say" in finding.message) == (rule != SILENT)


def test_without_examples_nothing_is_settled(tried: Callable[..., Finding]) -> None:
    assert tried("def test_it() -> None:\n    assert sq(3) == 8\n", RIGHT, "Squares.").rule == SILENT


def test_where_test_and_code_agree_against_an_example_evidence_is_divided(tried: Tried) -> None:
    agreeing = "def test_it() -> None:\n    assert sq(-1) == -3\n    assert sq(5) == 24\n"
    assert tried(agreeing, WRONG).rule == SILENT


def suite_with(value: int) -> str:
    return file_block(
        "tests/test_squares.py",
        "from squares import square\n\n\n"
        f"def test_three() -> None:\n    assert square(3) == {value}\n\n\n"
        "def test_five() -> None:\n    assert square(5) == 25\n",
    )


def test_a_session_has_the_test_repaired_without_asking_anybody(tmp_path: Path) -> None:
    tape = write_tape(
        tmp_path / "tape.jsonl",
        ("architect", "One module."),
        ("test_engineer", suite_with(8)),
        ("developer", file_block("squares.py", RIGHT)),
        ("test_engineer", suite_with(9)),
        ("code_reviewer", APPROVE),
        ("architect", APPROVE),
    )
    config = CodeGenerationConfig(
        model=f"tape:{tape}", work_dir=tmp_path, gates=("syntax", "tests", "integrity", "contract")
    )
    result = run_session(TaskSpec(requirements=REQUIREMENTS), config)
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 2)
    assert result.evidence == ("examples", "tests")
    assert result.usage.by_role["developer"].calls == 1
    spoken = [event.step for event in Transcript.open(result.path).events("message")]  # type: ignore[attr-defined]
    assert "fault" not in spoken
