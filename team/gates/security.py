"""The security gate: bandit; medium and higher decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

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
            finding = Finding(
                file=path,
                line=problem["line_number"],
                rule=problem["test_id"],
                severity=BANDIT_SEVERITY.get(problem["issue_severity"], "major"),
                message=problem["issue_text"],
            )
            yield _waived(finding) if _is_waived(finding, target.settings.waive) else finding


def _is_waived(finding: Finding, waivers: Iterable[str]) -> bool:
    """Whether a person lets a finding of medium or higher severity pass."""
    named = (waiver.partition(":") for waiver in waivers)
    return finding.severity != "minor" and any(
        rule.strip().upper() == finding.rule and fnmatch(finding.file or "", place.strip() or "*")
        for rule, _, place in named
    )


def _waived(finding: Finding) -> Finding:
    message = f"waived, a person has to approve: {finding.message} (was {finding.severity})"
    return finding.model_copy(update={"severity": "minor", "waived": True, "message": message})
