"""What the authors of the next turn may change in tests that exist, read off the board."""

from __future__ import annotations

from collections.abc import Iterable

from team.board import Board
from team.gates.base import Finding
from team.gates.integrity.past import Mandate
from team.gates.testfailures import SILENT, TEST_ERROR
from team.triage import is_test_path
from team.verdicts import Verdict


def mandate_of(board: Board) -> Mandate:
    """What was asked for since the newest executor turn.

    Expected values may change in the failing tests that a reviewer, or evidence, holds at fault, and where a
    review names a test. The steps of a test may change where a finding lies in its file.
    """
    if board.report is None:
        return Mandate()
    expected: set[str] = set()
    if board.fault == "test":
        expected.update(_named(finding for finding in board.report.findings if finding.rule == SILENT))
    expected.update(_named(finding for finding in board.blame.tests if finding.rule != TEST_ERROR))
    expected.update(_reviewed(board.verdict))
    steps = {finding.file for finding in board.blame.tests if finding.file}
    new_plan = board.replans > 0 and board.replanned_at == len(board.reports)
    return Mandate(frozenset(expected), frozenset(steps), new_plan)


def _named(findings: Iterable[Finding]) -> set[str]:
    return {test for finding in findings for test in finding.tests}


def _reviewed(verdict: Verdict | None) -> set[str]:
    """The tests that a review asks to change: by line, else the whole file."""
    findings = verdict.findings if verdict is not None and not verdict.approves else ()
    return {
        f"{finding.file}:{finding.line}" if finding.line else finding.file
        for finding in findings
        if finding.severity != "minor" and finding.file and is_test_path(finding.file)
    }
