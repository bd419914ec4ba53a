"""What was tried so far, in words for who tries next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from team.gates.wording import told
from team.report import TurnReport

_FENCED = re.compile(r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[`~]*\s*$", re.MULTILINE | re.DOTALL)
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_LONGEST = 240
_MOST_FAILURES = 3


@dataclass(frozen=True)
class Attempt:
    """One iteration: what its authors said in a sentence, and what was found."""

    said: tuple[tuple[str, str], ...]
    report: TurnReport

    def __str__(self) -> str:
        words = "; ".join(f"{agent}: {gist}" if gist else agent for agent, gist in self.said) or "nobody"
        changed = ", ".join(self.report.changed) or "nothing"
        return f"iteration {self.report.iteration} ({words}; changed {changed}): {left_red(self.report)}"


def left_red(report: TurnReport) -> str:
    """The first failures that a turn left, in one line."""
    findings = report.findings
    if not findings:
        return "green" if report.green else "red: " + ", ".join(r.name for r in report.results if r.red)
    shown = [one_line(f"{finding.message} [{finding.rule}]") for finding in findings[:_MOST_FAILURES]]
    more = f" and {len(findings) - _MOST_FAILURES} more" if len(findings) > _MOST_FAILURES else ""
    return "; ".join(shown) + more


def gist(content: str) -> str:
    """What an author says of the change beside the code: the first line of prose, shortened."""
    prose = _FENCED.sub("", _THOUGHT.sub("", content[:200_000]))
    lines = (line.strip(" *_#`-") for line in told(prose).splitlines())
    return one_line(next((line for line in lines if len(line.split()) > 1), ""))


def one_line(text: str) -> str:
    """The first line of a text, shortened."""
    line = next(iter(told(text).splitlines()), "")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def tried(attempts: Sequence[Attempt], most: int = 8) -> list[str]:
    """The newest attempts that ended red, oldest first."""
    return [str(attempt) for attempt in attempts if not attempt.report.green][-most:]
