"""Every row of the workflow table, as a person reads it."""

from __future__ import annotations

import pytest

from team.board import Board, Said
from team.gates.base import Finding, GateResult
from team.report import TurnReport
from team.result import Reason
from team.specs import TaskSpec
from team.steps import SPEAKER, Step
from team.triage import Blame
from team.verdicts import Verdict
from team.workflow import TABLE, next_step

GREEN = (GateResult(name="tests", status="pass"),)
SOURCE = Finding(file="app.py", line=1, rule="F401", message="unused import")
TESTS = Finding(file="tests/test_app.py", line=1, rule="F401", message="unused import")
FAILING = Finding(file="tests/test_app.py", line=9, rule="test-failed", message="assert 1 == 2")
APPROVE, REVISE = Verdict("approve"), Verdict("revise", (SOURCE,))
TESTS_TOO_WEAK = Verdict("revise", (TESTS,))


def a_board(step: Step, *turns: tuple[GateResult, ...], **state: object) -> Board:
    """A board at `step`, after executor turns with these results, each over another tree."""
    board = Board(TaskSpec(requirements="a stack"))
    settings = (
        *("include_tests", "include_review", "ask_human", "max_iterations", "open_rules", "other_model"),
        "drafts",
    )
    for name in settings:
        if name in state:
            setattr(board, name, state.pop(name))
    for number, results in enumerate(turns, 1):
        board.executed(TurnReport(number, commit=f"c{number}", tree=f"t{number}", results=results))
    board.step = step
    for name, value in state.items():
        setattr(board, name, value)
    return board


def red(*findings: Finding) -> tuple[GateResult, ...]:
    return (GateResult(name="lint", status="fail", findings=findings),)


def surviving() -> tuple[GateResult, ...]:
    mutant = Finding(file="app.py", line=3, rule="surviving-mutant", message="`a < b` could be `a <= b`")
    return (GateResult(name="mutation", status="fail", findings=(mutant,)),)


ROWS = [
    ("start: the architect plans", a_board(Step.START), Step.PLAN),
    ("start without review: tests first", a_board(Step.START, include_review=False), Step.TESTS),
    (
        "start with neither: code at once",
        a_board(Step.START, include_review=False, include_tests=False),
        Step.CODE,
    ),
    ("a plan is followed by tests", a_board(Step.PLAN), Step.TESTS),
    ("a plan without tests is followed by code", a_board(Step.PLAN, include_tests=False), Step.CODE),
    ("tests are followed by code", a_board(Step.TESTS), Step.CODE),
    ("code is executed", a_board(Step.CODE), Step.EXECUTE),
    (
        "repaired tests are executed",
        a_board(Step.REPAIR_TESTS, red(TESTS)),
        Step.EXECUTE,
    ),
    (
        "repaired tests wait for repaired code where both were red",
        a_board(Step.REPAIR_TESTS, red(TESTS, SOURCE)),
        Step.REPAIR_CODE,
    ),
    ("repaired code is executed", a_board(Step.REPAIR_CODE, red(SOURCE)), Step.EXECUTE),
    (
        "a green draft that leaves something open: tests for that, by a model",
        a_board(Step.EXECUTE, (), drafts="first", open_rules=("be kind",)),
        Step.OPEN_TESTS,
    ),
    (
        "the same without a test engineer: code",
        a_board(Step.EXECUTE, (), drafts="first", open_rules=("be kind",), include_tests=False),
        Step.OPEN_CODE,
    ),
    (
        "the same in the last iteration: it stays open",
        a_board(
            Step.EXECUTE, (), drafts="first", open_rules=("be kind",), max_iterations=1, include_review=False
        ),
        Reason.OPEN_RULES,
    ),
    (
        "a draft that a model goes on with is mended first",
        a_board(Step.EXECUTE, red(SOURCE), drafts="first", open_rules=("be kind",)),
        Step.REPAIR_CODE,
    ),
    ("tests for what is open are followed by its code", a_board(Step.OPEN_TESTS, ()), Step.OPEN_CODE),
    ("code for what is open is executed", a_board(Step.OPEN_CODE, ()), Step.EXECUTE),
    ("red in source: developer", a_board(Step.EXECUTE, red(SOURCE)), Step.REPAIR_CODE),
    ("red in tests: test engineer", a_board(Step.EXECUTE, red(TESTS)), Step.REPAIR_TESTS),
    ("red in both: test engineer first", a_board(Step.EXECUTE, red(TESTS, SOURCE)), Step.REPAIR_TESTS),
    (
        "a test fails, evidence against the code: developer",
        a_board(Step.EXECUTE, red(FAILING.model_copy(update={"rule": "code-at-fault"}))),
        Step.REPAIR_CODE,
    ),
    (
        "a test fails, evidence against the test: test engineer",
        a_board(Step.EXECUTE, red(FAILING.model_copy(update={"rule": "test-at-fault"}))),
        Step.REPAIR_TESTS,
    ),
    ("a test fails, silent evidence: reviewer", a_board(Step.EXECUTE, red(FAILING)), Step.FAULT),
    (
        "a test fails, nobody to ask: developer",
        a_board(Step.EXECUTE, red(FAILING), include_review=False),
        Step.REPAIR_CODE,
    ),
    ("a gate that says nothing: developer", a_board(Step.EXECUTE, red()), Step.REPAIR_CODE),
    (
        "stuck: the architect replans",
        a_board(Step.EXECUTE, red(SOURCE), red(SOURCE), red(SOURCE)),
        Step.REPLAN,
    ),
    (
        "stuck for the second time: the end",
        a_board(Step.EXECUTE, red(SOURCE), red(SOURCE), red(SOURCE), replans=1),
        Reason.STUCK,
    ),
    (
        "stuck without an architect: the end",
        a_board(Step.EXECUTE, red(SOURCE), red(SOURCE), red(SOURCE), include_review=False),
        Reason.STUCK,
    ),
    (
        "stuck after a new plan: another model goes on",
        a_board(Step.EXECUTE, red(SOURCE), red(SOURCE), red(SOURCE), replans=1, other_model="m2"),
        Step.HAND_OVER,
    ),
    (
        "stuck without an architect: another model goes on",
        a_board(Step.EXECUTE, red(SOURCE), red(SOURCE), red(SOURCE), include_review=False, other_model="m2"),
        Step.HAND_OVER,
    ),
    (
        "stuck with the other model: the end",
        a_board(
            Step.EXECUTE,
            red(SOURCE),
            red(SOURCE),
            red(SOURCE),
            replans=1,
            other_model="m2",
            handed_over=True,
        ),
        Reason.STUCK,
    ),
    ("another model mends the code", a_board(Step.HAND_OVER, red(SOURCE)), Step.REPAIR_CODE),
    ("another model mends the tests", a_board(Step.HAND_OVER, red(TESTS)), Step.REPAIR_TESTS),
    (
        "mutants survive: test engineer",
        a_board(Step.EXECUTE, surviving()),
        Step.REPAIR_TESTS,
    ),
    (
        "mutants survive what the test engineer did about it: the end",
        a_board(Step.EXECUTE, surviving(), surviving()),
        Reason.STUCK,
    ),
    ("iterations used up: the end", a_board(Step.EXECUTE, red(SOURCE), max_iterations=1), Reason.ITERATIONS),
    ("green: review", a_board(Step.EXECUTE, GREEN), Step.REVIEW),
    ("green without review: accepted", a_board(Step.EXECUTE, GREEN, include_review=False), Reason.ACCEPTED),
    (
        "green without review, open rules: not accepted",
        a_board(Step.EXECUTE, GREEN, include_review=False, open_rules=("weekly",)),
        Reason.OPEN_RULES,
    ),
    (
        "green without review, a human is asked",
        a_board(Step.EXECUTE, GREEN, include_review=False, ask_human=True),
        Step.APPROVAL,
    ),
    ("the code is at fault", a_board(Step.FAULT, red(FAILING), fault="code"), Step.REPAIR_CODE),
    ("the test is at fault", a_board(Step.FAULT, red(FAILING), fault="test"), Step.REPAIR_TESTS),
    ("the design is at fault", a_board(Step.FAULT, red(FAILING), fault="design"), Step.REPLAN),
    (
        "the design is at fault again",
        a_board(Step.FAULT, red(FAILING), fault="design", replans=1),
        Step.REPAIR_CODE,
    ),
    ("a new plan goes to the developer", a_board(Step.REPLAN, red(SOURCE)), Step.REPAIR_CODE),
    ("a review approves", a_board(Step.REVIEW, GREEN, verdict=APPROVE), Step.SIGN_OFF),
    ("a review asks for changes", a_board(Step.REVIEW, GREEN, verdict=REVISE), Step.REPAIR_CODE),
    (
        "a review asks for other tests",
        a_board(Step.REVIEW, GREEN, verdict=TESTS_TOO_WEAK),
        Step.REPAIR_TESTS,
    ),
    (
        "a review asks for changes too late",
        a_board(Step.REVIEW, GREEN, verdict=REVISE, max_iterations=1),
        Reason.NOT_APPROVED,
    ),
    ("signed off: accepted", a_board(Step.SIGN_OFF, GREEN, verdict=APPROVE), Reason.ACCEPTED),
    (
        "signed off with open rules: not accepted",
        a_board(Step.SIGN_OFF, GREEN, verdict=APPROVE, open_rules=("weekly",)),
        Reason.OPEN_RULES,
    ),
    (
        "signed off, a human is asked",
        a_board(Step.SIGN_OFF, GREEN, verdict=APPROVE, ask_human=True),
        Step.APPROVAL,
    ),
    ("the architect wants changes", a_board(Step.SIGN_OFF, GREEN, verdict=REVISE), Step.REPAIR_CODE),
    (
        "the architect wants other tests",
        a_board(Step.SIGN_OFF, GREEN, verdict=TESTS_TOO_WEAK),
        Step.REPAIR_TESTS,
    ),
    (
        "the architect wants changes too late",
        a_board(Step.SIGN_OFF, GREEN, verdict=REVISE, max_iterations=1),
        Reason.NOT_APPROVED,
    ),
    ("the human approves", a_board(Step.APPROVAL, GREEN, verdict=APPROVE), Reason.ACCEPTED),
    ("the human wants changes", a_board(Step.APPROVAL, GREEN, verdict=REVISE), Step.REPAIR_CODE),
    (
        "the human wants changes too late",
        a_board(Step.APPROVAL, GREEN, verdict=REVISE, max_iterations=1),
        Reason.NOT_APPROVED,
    ),
]


@pytest.mark.parametrize(("board", "then"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_row(board: Board, then: Step | Reason) -> None:
    assert next_step(board) is then


def test_every_row_of_the_table_is_tried_above() -> None:
    tried = {
        next(row for row in TABLE if row.after is board.step and row.when(board)) for _, board, _ in ROWS
    }
    assert set(TABLE) == tried


def test_every_step_but_the_start_has_a_speaker() -> None:
    assert set(SPEAKER) == set(Step) - {Step.START}


def test_a_table_ends_each_step_with_a_row_that_always_holds() -> None:
    for step in Step:
        board = a_board(step, blame=Blame())
        assert next_step(board) is not None


def test_a_wrong_turn_does_not_stay_stuck_after_a_new_plan() -> None:
    board = a_board(Step.EXECUTE, red(SOURCE), red(SOURCE), red(SOURCE))
    board.replanned("another way")
    board.executed(TurnReport(4, commit="c4", tree="t4", results=red(SOURCE)))
    assert not board.stuck


def test_an_earlier_red_tree_coming_back_is_stuck_at_once() -> None:
    board = a_board(Step.EXECUTE, red(SOURCE))
    board.executed(TurnReport(2, commit="c2", tree="t1", results=red(SOURCE)))
    assert board.stuck


def test_a_refused_edit_is_not_held_against_the_tree() -> None:
    board = a_board(Step.EXECUTE, red(SOURCE))
    refused = Finding(file="app.py", rule="refused-edit", message="the SEARCH part is not in the file")
    board.executed(TurnReport(2, commit="c2", tree="t1", results=red(SOURCE), refused=(refused,)))
    assert not board.stuck


def test_coverage_waits_until_the_tests_hold() -> None:
    uncovered = Finding(file="app.py", rule="coverage", message="50 % of 80 %")
    coverage = GateResult(name="coverage", status="fail", findings=(uncovered,))
    failing = GateResult(name="tests", status="fail", findings=(FAILING,))
    assert a_board(Step.EXECUTE, (failing, coverage)).blame.unknown
    assert a_board(Step.EXECUTE, (coverage,)).blame.tests == (uncovered,)


def test_missing_tests_are_the_test_engineers_work() -> None:
    none = Finding(rule="no-tests", message="there is no test")
    assert a_board(Step.EXECUTE, red(none)).blame.tests == (none,)
    assert a_board(Step.EXECUTE, red(none), include_tests=False).blame.source == (none,)


def test_the_best_attempt_has_the_fewest_red_gates_and_of_equals_the_newest() -> None:
    board = a_board(Step.EXECUTE, red(SOURCE, TESTS), red(SOURCE), red(TESTS), red(SOURCE, TESTS))
    assert board.best is not None
    assert board.best.iteration == 3


def test_of_attempts_what_runs_wins_over_what_is_tidy() -> None:
    tests = GateResult(name="tests", status="fail", findings=(FAILING,))
    many = GateResult(name="lint", status="fail", findings=(SOURCE,) * 9)
    board = a_board(Step.EXECUTE, (tests,), (many, GateResult(name="types", status="fail")), (tests, many))
    assert board.best is not None
    assert board.best.iteration == 2


def test_the_same_failure_counts_however_it_moves_and_progress_does_not() -> None:
    moved = SOURCE.model_copy(update={"line": 40})
    assert a_board(Step.EXECUTE, red(SOURCE), red(moved), red(SOURCE)).stuck
    assert not a_board(Step.EXECUTE, red(SOURCE, SOURCE), red(SOURCE, SOURCE), red(SOURCE)).stuck
    assert not a_board(Step.EXECUTE, red(SOURCE), red(TESTS), red(FAILING)).stuck


def test_two_failures_that_take_turns_are_a_circle() -> None:
    turns = [red(SOURCE), red(TESTS), red(SOURCE), red(TESTS)]
    assert not a_board(Step.EXECUTE, *turns).stuck
    assert a_board(Step.EXECUTE, *turns, red(SOURCE)).stuck


def test_what_was_tried_is_told_once_a_failure_comes_back() -> None:
    board = Board(TaskSpec(requirements="a stack"))
    for number, words in enumerate(("Count from one.", "<think>hm</think>Count from two."), 1):
        board.pending.append(Said("developer", f"{words}\n```python\n# filename: a.py\nx = 1\n```"))
        report = TurnReport(number, commit="c", tree=f"t{number}", results=red(SOURCE), changed=("a.py",))
        board.executed(report)
        assert bool(board.tried) is (number == 2)
    assert board.tried == [
        f"iteration {number} (developer: Count from {word}.; changed a.py): unused import [F401]"
        for number, word in ((1, "one"), (2, "two"))
    ]


def test_what_a_draft_left_open_is_open_in_the_draft_and_somebodys_work_after_it() -> None:
    board = a_board(Step.EXECUTE, (), drafts="first", open_rules=("be kind",))
    board.begin(Step.OPEN_CODE)
    board.opened()
    assert (board.open_rules, board.opening) == ((), True)
    board.executed(TurnReport(2, commit="c2", tree="t2", results=red(SOURCE), changed=("app.py",)))
    assert not board.opening
    assert board.open_rules_of(board.best) == ("be kind",)
    assert board.open_rules_of(board.report) == ()


def test_what_nobody_wrote_stays_open_whatever_was_answered() -> None:
    board = a_board(Step.EXECUTE, (), drafts="first", open_rules=("be kind",))
    board.begin(Step.OPEN_CODE)
    board.opened()
    board.executed(TurnReport(2, commit="c2", tree="t2", results=(), changed=("tests/test_kind.py",)))
    assert board.open_rules == ("be kind",)
    board.begin(Step.EXECUTE)
    assert next_step(board) is Step.OPEN_TESTS


def test_templates_answer_until_a_model_is_needed_and_sign_off_on_their_own_plan() -> None:
    board = a_board(Step.REVIEW, (), drafts="first")
    assert board.drafted
    board.begin(Step.REPAIR_CODE)
    board.begin(Step.REVIEW)
    assert not board.drafted
    board.begin(Step.SIGN_OFF)
    assert board.drafted
    board.replanned("another plan")
    assert not board.drafted
    assert not a_board(Step.PLAN).drafted
