"""How a result is printed: the screen, the JSON object, the quiet line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from team.cli.outcome import as_json, print_outcome
from team.config import CodeGenerationConfig
from team.gates.base import Finding, GateResult
from team.result import GenerationResult, Reason, Usage
from team.settings_sources import FIELDS, Settings

FINDING = Finding(rule="test-failed", message="assert 1 == 2")
CONTRACT = {
    "session", "status", "reason", "path", "files", "iterations", "model_calls", "prompt_tokens",
    "completion_tokens", "cost_usd", "gates",
}  # fmt: skip


def a_result(reason: Reason = Reason.ACCEPTED, **changes: Any) -> GenerationResult:
    values: dict[str, Any] = {
        "accepted": reason is Reason.ACCEPTED,
        "status": reason.status,
        "reason": reason,
        "message": reason.words,
        "files": ("/w/20261120-x/files/README.md", "/w/20261120-x/files/app.py"),
        "work_dir": "/w/20261120-x/files",
        "path": "/w/20261120-x",
        "chat_history": (),
        "gates": {
            "lint": GateResult(name="lint", status="pass", seconds=0.2),
            "tests": GateResult(name="tests", status="fail", findings=(FINDING, FINDING), seconds=3.1),
        },
        "usage": Usage(calls=4, prompt_tokens=1200, completion_tokens=340, cost_usd=None),
        "iterations": 2,
        "session": "20261120-x",
    }
    return GenerationResult(**{**values, **changes})


def printed(
    capsys: pytest.CaptureFixture[str], result: GenerationResult, origin: str = "default", **how: bool
) -> str:
    origins = dict.fromkeys(FIELDS, "default") | {"work_dir": origin}
    print_outcome(result, Settings(CodeGenerationConfig(**how), origins))  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_json_is_one_object_with_the_contracts_fields(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(capsys, a_result(), json_output=True))
    assert set(told) == CONTRACT
    assert (told["status"], told["reason"], told["cost_usd"]) == ("accepted", "accepted", None)
    assert told["gates"]["tests"] == {"status": "fail", "findings": 2, "seconds": 3.1}


def test_quiet_is_the_verdict_and_the_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, a_result(), quiet=True) == "accepted /w/20261120-x\n"


def test_the_screen_tells_verdict_gates_paths_cost_and_what_is_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = printed(capsys, a_result())
    for words in (
        "accepted — every gate passes",
        "✓ lint",
        "2 findings",
        "/w/20261120-x/files (2)",
        "4 calls, 1,200 tokens in, 340 out, cost unknown",
        "devteam show 20261120-x",
        "less /w/20261120-x/files/README.md",
    ):
        assert words in screen


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_told_in_words_with_a_way_on(
    capsys: pytest.CaptureFixture[str], reason: Reason
) -> None:
    screen = printed(capsys, a_result(reason))
    assert reason.words in screen
    resumable = reason.status in ("stopped", "failed")
    assert ("devteam resume 20261120-x" in screen) is resumable


def test_a_work_dir_by_flag_makes_the_next_command_name_the_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert "devteam show /w/20261120-x" in printed(capsys, a_result(), origin="--work-dir")


def test_what_a_model_wrote_moves_no_cursor_and_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    screen = printed(capsys, a_result(open_rules=("\x1b]0;owned\x07[red]rule[/red] \x1b[2J",)))
    assert "\x1b" not in screen
    assert "open rule: [red]rule[/red]" in screen


def test_as_json_is_plain_values() -> None:
    assert json.loads(json.dumps(as_json(a_result()))) == as_json(a_result())
