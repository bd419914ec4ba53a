"""What reviewers answer, and how it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team.verdicts import read_fault, read_verdict, unreadable_verdict

APPROVALS = [
    '{"verdict": "approve", "findings": []}',
    '```json\n{"verdict": "approve", "findings": []}\n```',
    'Well done.\n\n```json\n{"verdict": "APPROVE"}\n```\nThanks!',
    "LGTM",
    "**Approved.**",
    '<think>{"verdict": "revise"}</think>{"verdict": "approve", "findings": []}',
    '{"verdict": "approve", "findings": [{"severity": "minor", "problem": "a typo"}]}',
]
REVISIONS = [
    '{"verdict": "revise", "findings": []}',
    '{"verdict": "approve", "findings": [{"severity": "critical", "problem": "SQL injection"}]}',
    '{"verdict": "approve", "findings": [{"severity": "Major", "problem": "a race"}]}',
    '{"verdict": "approve", "findings": ["it is unclear"]}',
    'First I thought {"verdict": "approve"}, but {"verdict": "revise"} it is.',
]
UNREADABLE = [
    "",
    "It looks good to me overall.",
    '{"verdict": "maybe"}',
    '{"verdict": ',
    "[1, 2]",
    "{" * 5000,
]


@pytest.mark.parametrize("text", APPROVALS)
def test_approvals(text: str) -> None:
    verdict = read_verdict(text)
    assert verdict is not None
    assert verdict.approves


@pytest.mark.parametrize("text", REVISIONS)
def test_revisions(text: str) -> None:
    verdict = read_verdict(text)
    assert verdict is not None
    assert not verdict.approves


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable_is_neither(text: str) -> None:
    assert read_verdict(text) is None
    assert not unreadable_verdict(text).approves


def test_a_finding_keeps_its_place_and_its_mend() -> None:
    verdict = read_verdict(
        '{"verdict": "revise", "findings": [{"file": "app.py", "line": 7, "severity": "critical",'
        ' "problem": "no lock", "fix": "hold one"}]}'
    )
    assert verdict is not None
    (finding,) = verdict.findings
    assert (finding.file, finding.line, finding.severity) == ("app.py", 7, "critical")
    assert str(finding) == "app.py:7: no lock Fix: hold one [review]"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"fault": "code", "reason": "it rounds down"}', "code"),
        ('```json\n{"fault": "Tests", "reason": ""}\n```', "test"),
        ('The plan is wrong: {"fault": "design"}', "design"),
    ],
)
def test_faults(text: str, fault: str) -> None:
    read = read_fault(text)
    assert read is not None
    assert read.fault == fault


@pytest.mark.parametrize("text", ["", "the code", '{"fault": "nobody"}'])
def test_no_fault_is_guessed(text: str) -> None:
    assert read_fault(text) is None


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_verdict(text)
    read_fault(text)
