"""The security gate: bandit; medium and higher decide."""

from __future__ import annotations

from collections.abc import Iterator

from team.gates.base import Finding, Target, ToolFailed
from team.gates.pinned import BANDIT_ARGUMENTS, BANDIT_NOT_IN_TESTS, BANDIT_SEVERITY
from team.gates.static import StaticGate
from team.gates.tools import read_json, run_tool


class SecurityGate(StaticGate):
    """Judges by bandit, which is told to heed no comment and no configuration of the workspace."""

    name = "security"
    kinds = frozenset({"nosec"})

    def look(self, target: Target) -> Iterator[Finding]:
        """What bandit says of all files."""
        files = [*target.sources, *target.tests]
        report = run_tool(target, self._evidence.tree, ["bandit", *BANDIT_ARGUMENTS, "--", *files])
        told = read_json("bandit", report.text)
        if told["errors"]:
            raise ToolFailed(f"bandit could not read {told['errors'][0]!r:.200}")
        for problem in told["results"]:
            path = report.path(problem["filename"])
            if problem["test_id"] in BANDIT_NOT_IN_TESTS and path in target.tests:
                continue
            yield Finding(
                file=path,
                line=problem["line_number"],
                rule=problem["test_id"],
                severity=BANDIT_SEVERITY.get(problem["issue_severity"], "major"),
                message=problem["issue_text"],
            )
