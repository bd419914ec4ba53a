from __future__ import annotations

import json
from pathlib import Path

import pytest

from team.errors import BudgetExceeded, TapeExhausted, TapeMismatch
from team.models.base import Request
from team.models.budget import Budget
from team.models.tape import TapeSource
from team.transcript.tape import read_tape


def question(role: str = "developer", user: str = "go") -> Request:
    return Request(agent=role, step="code", system="s", user=user)


def line(role: str, content: str, **more: object) -> dict[str, object]:
    return {"type": "model_call", "agent": role, "answer": {"content": content}, **more}


@pytest.fixture
def tape(tmp_path: Path):
    def write(*lines: dict[str, object], **options: object) -> TapeSource:
        path = tmp_path / "tape.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in lines))
        return TapeSource(read_tape(path), **options)

    return write


def test_answers_are_served_for_each_role_in_order(tape):
    source = tape(line("developer", "d1"), line("architect", "a1"), line("developer", "d2"))
    asked = [question(), question(), question("architect")]
    assert [source.answer(each).content for each in asked] == ["d1", "d2", "a1"]
    assert source.left() == {}


def test_usage_and_cost_are_those_that_were_recorded(tape):
    recorded = line("developer", "d1", prompt_tokens=7, completion_tokens=3, cost_usd=0.25)
    recorded["answer"] |= {"model": "m1", "finish_reason": "length", "calls": 2, "notes": ["cut"]}
    answer = tape(recorded).answer(question())
    assert answer.model_dump() == {
        "content": "d1",
        "model": "m1",
        "finish_reason": "length",
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "cost_usd": 0.25,
        "calls": 2,
        "notes": ("cut",),
    }


def test_a_hand_written_answer_has_an_unknown_cost(tape):
    assert tape(line("developer", "d1")).answer(question()).cost_usd is None


def test_an_exhausted_tape_names_the_role_and_what_it_had(tape):
    source = tape(line("developer", "d1"))
    source.answer(question())
    with pytest.raises(TapeExhausted, match=r"tape\.jsonl had 1 answer for developer"):
        source.answer(question())
    with pytest.raises(TapeExhausted, match="had no answer for architect"):
        source.answer(question("architect"))


def test_another_question_is_collected(tape):
    source = tape(
        line("developer", "d1", request_digest=question(user="old").digest), line("developer", "d2")
    )
    source.answer(question())
    source.answer(question())
    assert source.mismatches == ["answer 1 for developer (code) was given to another question"]


def test_another_question_is_an_error_where_it_matters(tape):
    source = tape(line("developer", "d1", request_digest=question(user="old").digest), strict=True)
    with pytest.raises(TapeMismatch, match="answer 1 for developer"):
        source.answer(question())


def test_the_same_question_is_no_mismatch(tape):
    source = tape(line("developer", "d1", request_digest=question().digest), strict=True)
    assert source.answer(question()).content == "d1"


def test_the_budget_holds_for_tapes_too(tape):
    source = tape(line("developer", "d1"), line("developer", "d2"), budget=Budget(max_calls=1))
    source.answer(question())
    with pytest.raises(BudgetExceeded):
        source.answer(question())


def test_answers_on_record_are_passed_over(tape):
    source = tape(line("developer", "d1"), line("developer", "d2"))
    source.skip({"developer": 1})
    assert source.answer(question()).content == "d2"
