"""The reports in a session's folder, after real sessions."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.tapes import APPROVE, RIGHT, TASK, TESTS, WRONG, write_tape

from team.config import CodeGenerationConfig
from team.reports.page import page
from team.result import GenerationResult, Reason
from team.session import run_session
from team.specs import TaskSpec
from team.transcript import Transcript

FAULT = '{"fault": "code", "reason": "the | requirements `say` dashes"}'


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> GenerationResult:
    """A session whose first code is wrong, told a price by the tape."""
    folder = tmp_path_factory.mktemp("reported")
    coded = {"type": "model_call", "agent": "developer", "prompt_tokens": 10, "completion_tokens": 5}
    tape = write_tape(
        folder / "tape.jsonl",
        ("architect", "One module."),
        ("test_engineer", TESTS),
        coded | {"answer": {"content": f"Joins by underscores.\n{WRONG}"}, "cost_usd": 0.25},
        ("code_reviewer", FAULT),
        coded | {"answer": {"content": f"Joins by dashes.\n{RIGHT}"}, "cost_usd": 0.25},
        ("code_reviewer", APPROVE),
        ("architect", APPROVE),
    )
    config = CodeGenerationConfig(
        model=f"tape:{tape}", work_dir=folder / "ws", gates=("syntax", "tests", "coverage")
    )
    return run_session(TaskSpec(requirements=TASK), config)


def test_the_page_tells_the_whole_session(result: GenerationResult) -> None:
    assert result.reason is Reason.ACCEPTED
    text = Path(result.path, "report.md").read_text()
    for told in (
        "# Accepted: ",
        "| gate | 1 | 2 ← |",
        "| tests | **fail** (1) | pass |",
        "- tests: the team's own tests pass",
        "### Iteration 1",
        "developer, code (#",
        "Joins by underscores.",
        "**tests** with developer's message #",
        "code_reviewer, fault",
        "**code** the \\| requirements \\`say\\` dashes",
        "| developer | 2 | 20 | 10 | 0.5000 |",
        "| architect | 2 | 0 | 0 | unknown |",
        "- slug.py",
        f"devteam replay {result.session}",
    ):
        assert told in text, told


def test_the_page_is_the_same_again_and_holds_no_clock(result: GenerationResult) -> None:
    log = Transcript.open(result.path)
    assert page(log, result) == Path(result.path, "report.md").read_text()
    stamp = next(log.events()).ts[:10]
    assert stamp not in page(log, result)


def test_sarif_and_junit_lie_beside_it(result: GenerationResult) -> None:
    assert json.loads(Path(result.path, "report.sarif").read_text())["version"] == "2.1.0"
    suites = ElementTree.parse(Path(result.path, "junit.xml")).getroot()
    names = [case.get("name") for case in suites[0]]
    assert names == ["test_one_word", "test_words_are_joined_by_dashes"]
    assert suites.get("failures") == "0"


def test_a_session_that_failed_has_its_reports_too(tmp_path: Path) -> None:
    tape = write_tape(tmp_path / "tape.jsonl", ("architect", "One module."))
    config = CodeGenerationConfig(model=f"tape:{tape}", work_dir=tmp_path / "ws")
    result = run_session(TaskSpec(requirements=TASK), config)
    text = Path(result.path, "report.md").read_text()
    assert "**tape_exhausted**" in text
    assert "nothing is claimed" in text
    assert f"devteam resume {result.session}" in text
    ElementTree.parse(Path(result.path, "junit.xml"))
