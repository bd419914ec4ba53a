"""Reading what reviewers answer: a verdict, or whose fault a failing test is. Generous, never guessing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, get_args

from team.gates.base import Finding, Severity

_PLAIN_APPROVAL = re.compile(r"\W*(?:LGTM|APPROVED?)\W*", re.IGNORECASE)
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_FAULTS = ("code", "test", "design")
_MAX_OBJECTS = 200


@dataclass(frozen=True)
class Verdict:
    """A review's word. It approves only without critical or major findings, whatever it says."""

    verdict: str
    findings: tuple[Finding, ...] = ()

    @property
    def approves(self) -> bool:
        """Whether nothing in it stands against acceptance."""
        return self.verdict == "approve" and all(finding.severity == "minor" for finding in self.findings)


@dataclass(frozen=True)
class Fault:
    """Whose fault a failing test is: code, test or design."""

    fault: str
    reason: str


def read_verdict(text: str) -> Verdict | None:
    """The verdict in an answer, or None when there is none that can be read."""
    answer = _THOUGHT.sub("", text)
    if _PLAIN_APPROVAL.fullmatch(answer.strip()):
        return Verdict("approve")
    for found in _objects(answer):
        word = str(found.get("verdict", "")).strip().lower()
        if word in ("approve", "approved", "revise", "reject", "rejected"):
            listed = found.get("findings")
            findings = tuple(_finding(item) for item in listed) if isinstance(listed, list) else ()
            return Verdict("approve" if word.startswith("approve") else "revise", findings)
    return None


def unreadable_verdict(text: str) -> Verdict:
    """What an answer counts as that was asked for twice and still is no verdict."""
    words = " ".join(_THOUGHT.sub("", text).split())[:2000] or "the review said nothing"
    return Verdict("revise", (Finding(rule="review", severity="major", message=words),))


def read_fault(text: str) -> Fault | None:
    """The fault in an answer, or None when there is none that can be read."""
    for found in _objects(_THOUGHT.sub("", text)):
        fault = str(found.get("fault", "")).strip().lower().removesuffix("s")
        if fault in _FAULTS:
            return Fault(fault, str(found.get("reason", "")))
    return None


def _objects(text: str) -> list[dict[str, Any]]:
    """Every JSON object that starts somewhere in the text, the last one first: answers end with it."""
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    at = text.find("{")
    tries = 0
    while at != -1 and tries < _MAX_OBJECTS:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict):
                found.append(value)
        at = text.find("{", end)
    return found[::-1]


def _finding(item: Any) -> Finding:
    if not isinstance(item, dict):
        return Finding(rule="review", severity="major", message=str(item))
    severity = str(item.get("severity", "major")).strip().lower()
    line = item.get("line")
    problem, fix = str(item.get("problem") or item.get("message") or ""), str(item.get("fix") or "")
    return Finding(
        file=str(item["file"]) if item.get("file") else None,
        line=line if isinstance(line, int) and not isinstance(line, bool) else None,
        rule="review",
        severity=severity if severity in get_args(Severity) else "major",  # type: ignore[arg-type]
        message=f"{problem} Fix: {fix}" if fix else problem or "no problem named",
    )
