"""Who speaks next, and when it ends: one table, read from the top, first match wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from team.board import Board
from team.report import TurnReport
from team.result import Reason
from team.steps import Step


@dataclass(frozen=True)
class Row:
    """After `after`, when `when` holds, comes `then`: the next step, or the reason it ends."""

    after: Step
    when: Callable[[Board], bool]
    then: Step | Reason


def always(board: Board) -> bool:
    """The row that catches what no row above did."""
    return True


def has_architect(board: Board) -> bool:
    """Architect and reviewer take part (``include_review``)."""
    return board.include_review


def has_tester(board: Board) -> bool:
    """The test engineer takes part (``include_tests``)."""
    return board.include_tests


def green(board: Board) -> bool:
    """Every applicable gate of the newest executor turn passes."""
    return board.green


def green_reviewed(board: Board) -> bool:
    """Green, and a review is asked for."""
    return board.green and board.include_review


def green_open_rules(board: Board) -> bool:
    """Green, but a rule in prose is nobody's work yet."""
    return board.green and bool(board.open_rules)


def opens_with_tester(board: Board) -> bool:
    """The draft is green, a model is to do what it leaves open, and the test engineer takes part."""
    return opens(board) and board.include_tests


def opens(board: Board) -> bool:
    """The draft is green, and a model is to do what it leaves open."""
    return board.green and board.drafts == "first" and bool(board.open_rules) and not used_up(board)


def green_human(board: Board) -> bool:
    """Green, and a human wants the last word."""
    return board.green and board.asks_human


def used_up(board: Board) -> bool:
    """The executor has had its last turn."""
    return board.iteration >= board.max_iterations


def stuck_unplanned(board: Board) -> bool:
    """Stuck, and there was no new plan yet though an architect could make one."""
    return board.stuck and board.replans == 0 and board.include_review


def stuck_with_other_model(board: Board) -> bool:
    """Stuck, a new plan is no way out, and another model is left to ask."""
    return board.stuck and bool(board.other_model) and not board.handed_over


def stuck(board: Board) -> bool:
    """The same failure came back after different patches, or an earlier tree came back."""
    return board.stuck


def tests_to_mend(board: Board) -> bool:
    """There are findings in tests."""
    return bool(board.blame.tests)


def fault_unknown(board: Board) -> bool:
    """A test fails, nothing tells whose fault it is, and a reviewer can be asked."""
    return board.blame.unknown and board.include_review


def mutants_again(board: Board) -> bool:
    """All that is red is that mutants survive, and the test engineer has been asked about that before."""
    earlier = any(_only_mutants(report) for report in board.reports[:-1])
    return earlier and board.report is not None and _only_mutants(board.report)


def _only_mutants(report: TurnReport) -> bool:
    return not report.hindered and [result.name for result in report.results if result.red] == ["mutation"]


def source_to_mend(board: Board) -> bool:
    """There are findings in source beside those in tests."""
    return bool(board.blame.source)


def fault_in_test(board: Board) -> bool:
    """The reviewer holds the test responsible."""
    return board.fault == "test" and board.include_tests


def fault_in_design(board: Board) -> bool:
    """The reviewer holds the plan responsible, and there was no new plan yet."""
    return board.fault == "design" and board.replans == 0


def review_of_tests(board: Board) -> bool:
    """All that the review asks for lies in tests, which the developer may not touch."""
    return board.include_tests and board.review_is_about_tests


def approved(board: Board) -> bool:
    """The newest verdict approves."""
    return board.approved


def approved_open_rules(board: Board) -> bool:
    """Approved, but a rule in prose is nobody's work yet."""
    return board.approved and bool(board.open_rules)


def approved_human(board: Board) -> bool:
    """Approved, and a human wants the last word."""
    return board.approved and board.asks_human


TABLE: tuple[Row, ...] = (
    Row(Step.START, has_architect, Step.PLAN),
    Row(Step.START, has_tester, Step.TESTS),
    Row(Step.START, always, Step.CODE),
    Row(Step.PLAN, has_tester, Step.TESTS),
    Row(Step.PLAN, always, Step.CODE),
    Row(Step.TESTS, always, Step.CODE),
    Row(Step.CODE, always, Step.EXECUTE),
    Row(Step.REPAIR_TESTS, source_to_mend, Step.REPAIR_CODE),
    Row(Step.REPAIR_TESTS, always, Step.EXECUTE),
    Row(Step.REPAIR_CODE, always, Step.EXECUTE),
    Row(Step.EXECUTE, opens_with_tester, Step.OPEN_TESTS),
    Row(Step.EXECUTE, opens, Step.OPEN_CODE),
    Row(Step.OPEN_TESTS, always, Step.OPEN_CODE),
    Row(Step.OPEN_CODE, always, Step.EXECUTE),
    Row(Step.EXECUTE, green_reviewed, Step.REVIEW),
    Row(Step.EXECUTE, green_open_rules, Reason.OPEN_RULES),
    Row(Step.EXECUTE, green_human, Step.APPROVAL),
    Row(Step.EXECUTE, green, Reason.ACCEPTED),
    Row(Step.EXECUTE, used_up, Reason.ITERATIONS),
    Row(Step.EXECUTE, stuck_unplanned, Step.REPLAN),
    Row(Step.EXECUTE, stuck_with_other_model, Step.HAND_OVER),
    Row(Step.EXECUTE, stuck, Reason.STUCK),
    Row(Step.EXECUTE, mutants_again, Reason.STUCK),
    Row(Step.EXECUTE, tests_to_mend, Step.REPAIR_TESTS),
    Row(Step.EXECUTE, source_to_mend, Step.REPAIR_CODE),
    Row(Step.EXECUTE, fault_unknown, Step.FAULT),
    Row(Step.EXECUTE, always, Step.REPAIR_CODE),
    Row(Step.FAULT, fault_in_test, Step.REPAIR_TESTS),
    Row(Step.FAULT, fault_in_design, Step.REPLAN),
    Row(Step.FAULT, always, Step.REPAIR_CODE),
    Row(Step.REPLAN, always, Step.REPAIR_CODE),
    Row(Step.HAND_OVER, tests_to_mend, Step.REPAIR_TESTS),
    Row(Step.HAND_OVER, always, Step.REPAIR_CODE),
    Row(Step.REVIEW, approved, Step.SIGN_OFF),
    Row(Step.REVIEW, used_up, Reason.NOT_APPROVED),
    Row(Step.REVIEW, review_of_tests, Step.REPAIR_TESTS),
    Row(Step.REVIEW, always, Step.REPAIR_CODE),
    Row(Step.SIGN_OFF, approved_open_rules, Reason.OPEN_RULES),
    Row(Step.SIGN_OFF, approved_human, Step.APPROVAL),
    Row(Step.SIGN_OFF, approved, Reason.ACCEPTED),
    Row(Step.SIGN_OFF, used_up, Reason.NOT_APPROVED),
    Row(Step.SIGN_OFF, review_of_tests, Step.REPAIR_TESTS),
    Row(Step.SIGN_OFF, always, Step.REPAIR_CODE),
    Row(Step.APPROVAL, approved, Reason.ACCEPTED),
    Row(Step.APPROVAL, used_up, Reason.NOT_APPROVED),
    Row(Step.APPROVAL, always, Step.REPAIR_CODE),
)


def next_step(board: Board) -> Step | Reason:
    """What follows the board's current step."""
    return next(row.then for row in TABLE if row.after is board.step and row.when(board))
