"""Whose work a red gate is: the source's author, the tests' author, or nobody can tell yet."""

from __future__ import annotations

from dataclasses import dataclass

from team.gates.base import Finding
from team.gates.testfailures import CODE_AT_FAULT, SILENT
from team.report import TurnReport

TESTERS_RULES = frozenset({"coverage", "no-tests", "surviving-mutant"})
"""Rules whose findings are work for who writes tests, wherever they point."""


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
    broken test run leaves lines unreached, so it counts only once the tests hold.
    """
    source: list[Finding] = []
    tests: list[Finding] = []
    failing = any(finding.rule == SILENT for finding in report.findings)
    broken = any(result.name == "tests" and result.red for result in report.results)
    for finding in report.findings:
        if finding.rule == SILENT or (broken and finding.rule == "coverage"):
            continue
        in_tests = finding.file is not None and is_test_path(finding.file)
        if has_tester and finding.rule != CODE_AT_FAULT and (in_tests or finding.rule in TESTERS_RULES):
            tests.append(finding)
        else:
            source.append(finding)
    return Blame(tuple(source), tuple(tests), unknown=failing and not source and not tests)
