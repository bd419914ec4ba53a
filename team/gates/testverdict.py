"""What is to be said of one run of the tests."""

from __future__ import annotations

from collections.abc import Mapping

from team.gates.base import Finding, Target
from team.gates.reading import FileFacts
from team.gates.testfailures import broken_off, failures
from team.gates.testhonesty import forgeries, not_passed, unrun
from team.gates.testrun import TestRun


def findings_of(run: TestRun, target: Target, facts: Mapping[str, FileFacts]) -> list[Finding]:
    """Every test that did not really pass, and every sign that the run was not honest."""
    return [
        *broken_off(run),
        *failures(run, target),
        *forgeries(run),
        *unrun(run, target, facts),
        *not_passed(run, target),
    ]


def is_red(run: TestRun, target: Target, facts: Mapping[str, FileFacts]) -> bool:
    """Whether the findings turn the gate red."""
    return any(finding.severity != "minor" for finding in findings_of(run, target, facts))
