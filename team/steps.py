"""What turns are for, and whose turn each is."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """What a turn is for. The value is what transcripts and prompts call it."""

    START = "start"
    PLAN = "plan"
    TESTS = "tests"
    CODE = "code"
    EXECUTE = "execute"
    OPEN_TESTS = "open_tests"
    OPEN_CODE = "open_code"
    REPAIR_TESTS = "repair_tests"
    REPAIR_CODE = "repair_code"
    FAULT = "fault"
    REPLAN = "replan"
    HAND_OVER = "hand_over"
    REVIEW = "review"
    SIGN_OFF = "sign_off"
    APPROVAL = "approval"


SPEAKER: dict[Step, str] = {
    Step.PLAN: "architect",
    Step.TESTS: "test_engineer",
    Step.CODE: "developer",
    Step.EXECUTE: "executor",
    Step.OPEN_TESTS: "test_engineer",
    Step.OPEN_CODE: "developer",
    Step.REPAIR_TESTS: "test_engineer",
    Step.REPAIR_CODE: "developer",
    Step.FAULT: "code_reviewer",
    Step.REPLAN: "architect",
    Step.HAND_OVER: "executor",
    Step.REVIEW: "code_reviewer",
    Step.SIGN_OFF: "architect",
    Step.APPROVAL: "human",
}

AUTHORS = ("test_engineer", "developer")
OPEN_STEPS = frozenset({Step.OPEN_TESTS, Step.OPEN_CODE})
"""A model writes what a draft left open."""

AUTHOR_STEPS = OPEN_STEPS | {Step.TESTS, Step.CODE, Step.REPAIR_TESTS, Step.REPAIR_CODE}
MODEL_STEPS = OPEN_STEPS | {Step.REPAIR_TESTS, Step.REPAIR_CODE, Step.FAULT, Step.REPLAN, Step.HAND_OVER}
"""What no draft can do: after the first of these, templates are not alone with the work any more."""

VERDICT_STEPS = frozenset({Step.REVIEW, Step.SIGN_OFF})
PLAN_STEPS = frozenset({Step.PLAN, Step.REPLAN})
