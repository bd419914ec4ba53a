"""Whose work a red gate is: the source's author, the tests' author, or nobody can tell yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from team.gates.base import Finding

if TYPE_CHECKING:
    from team.board import TurnReport

TEST_FAILURE_RULES = frozenset({"test-failed"})
"""Rules of the tests gate that say a test ran and its expectation did not hold."""

_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+")


@dataclass(frozen=True)
class Blame:
    """Findings by whose work they are; `unknown` is set when a test fails and evidence is silent."""

    source: tuple[Finding, ...] = ()
    tests: tuple[Finding, ...] = ()
    unknown: bool = False


def is_test_path(path: str) -> bool:
    """Whether a workspace path belongs to the test engineer: ``tests/**``, ``test_*.py``, ``conftest.py``."""
    parts = path.split("/")
    name = parts[-1]
    return parts[0] == "tests" or name == "conftest.py" or (name.startswith("test_") and name.endswith(".py"))


def blame(report: TurnReport, has_tester: bool) -> Blame:
    """Sort the findings that decide a red turn by author.

    A failing test says only that code and test disagree, so it is nobody's while other findings
    exist, and `unknown` when it is all there is. Coverage is work for who writes tests, but a
    failing test leaves lines unreached, so it is measured only once the tests hold.
    """
    source: list[Finding] = []
    tests: list[Finding] = []
    failing = any(finding.rule in TEST_FAILURE_RULES for finding in report.findings)
    for finding in report.findings:
        if finding.rule in TEST_FAILURE_RULES or (failing and finding.rule == "coverage"):
            continue
        if has_tester and (finding.rule == "coverage" or (finding.file and is_test_path(finding.file))):
            tests.append(finding)
        else:
            source.append(finding)
    return Blame(tuple(source), tuple(tests), unknown=failing and not source and not tests)


def fingerprints(report: TurnReport) -> frozenset[tuple[str, str, str]]:
    """A red turn's failures without the numbers that move with every patch."""
    return frozenset(
        (finding.rule, finding.file or "", _NUMBERS.sub("#", finding.message)) for finding in report.findings
    )
