"""The lint gate: ruff."""

from __future__ import annotations

from collections.abc import Iterator

from team.gates.base import Finding, Severity, Target, ToolFailed
from team.gates.pinned import RUFF_CHECK, RUFF_STYLE
from team.gates.static import StaticGate
from team.gates.tools import read_json, run_tool


class LintGate(StaticGate):
    """Judges by ruff, which is told to heed no comment and no configuration of the workspace."""

    name = "lint"
    kinds = frozenset({"noqa"})

    def look(self, target: Target) -> Iterator[Finding]:
        """What ruff says of all files."""
        files = [*target.sources, *target.tests]
        report = run_tool(target, self._evidence.tree, ["ruff", *RUFF_CHECK, "--", *files])
        for problem in read_json("ruff", report.text):
            try:
                rule = problem["code"] or "syntax"
                yield Finding(
                    file=report.path(problem["filename"]),
                    line=problem["location"]["row"],
                    rule=rule,
                    severity=_severity(rule),
                    message=problem["message"],
                )
            except (KeyError, TypeError) as error:
                raise ToolFailed(f"ruff reported something else: {problem!r:.200}") from error


def _severity(rule: str) -> Severity:
    family = rule.rstrip("0123456789")
    return "minor" if family in RUFF_STYLE else "major"
