"""The state of one session: what the workflow decides on and the views show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from team.report import TurnReport
from team.steps import Step
from team.triage import Blame, blame, fingerprints, is_test_path

if TYPE_CHECKING:
    from team.specs import Spec
    from team.verdicts import Verdict

SAME_FAILURE_LIMIT = 3
"""How often one failure may come back, after different patches, before the team counts as stuck."""


@dataclass(frozen=True)
class Said:
    """A message of an author whose blocks wait for the executor."""

    agent: str
    content: str


@dataclass
class Board:
    """Everything a session knows while it runs. One writer: the conductor."""

    spec: Spec
    include_tests: bool = True
    include_review: bool = True
    ask_human: bool = False
    max_iterations: int = 10
    open_rules: tuple[str, ...] = ()

    step: Step = Step.START
    plan: str = ""
    pending: list[Said] = field(default_factory=list)
    reports: list[TurnReport] = field(default_factory=list)
    verdict: Verdict | None = None
    fault: str = ""
    fault_reason: str = ""
    replans: int = 0
    replanned_at: int = 0
    blame: Blame = field(default_factory=Blame)

    @property
    def iteration(self) -> int:
        """Executor turns so far."""
        return len(self.reports)

    @property
    def report(self) -> TurnReport | None:
        """The newest executor turn."""
        return self.reports[-1] if self.reports else None

    @property
    def green(self) -> bool:
        """Whether the newest executor turn found nothing against acceptance."""
        return self.report is not None and self.report.green

    @property
    def approved(self) -> bool:
        """Whether the newest verdict approves."""
        return self.verdict is not None and self.verdict.approves

    @property
    def review_is_about_tests(self) -> bool:
        """Whether every finding of the newest verdict that counts lies in a test file."""
        counted = [f for f in self.verdict.findings if f.severity != "minor"] if self.verdict else []
        return bool(counted) and all(finding.file and is_test_path(finding.file) for finding in counted)

    @property
    def stuck(self) -> bool:
        """Whether work goes in circles since the newest plan.

        Either the newest failure was seen `SAME_FAILURE_LIMIT` times in a row, or the tree is one
        that was red before although every block was laid down.
        """
        since = self.reports[self.replanned_at :]
        if len(since) < 2 or since[-1].green:
            return False
        newest = fingerprints(since[-1])
        if not since[-1].hindered and any(since[-1].tree == old.tree for old in since[:-1] if not old.green):
            return True
        row = since[-SAME_FAILURE_LIMIT:]
        return len(row) == SAME_FAILURE_LIMIT and all(fingerprints(report) == newest for report in row)

    @property
    def best(self) -> TurnReport | None:
        """The attempt with the fewest red gates, then findings; of equals the newest."""
        return min(reversed(self.reports), key=lambda report: report.badness, default=None)

    def executed(self, report: TurnReport) -> None:
        """Take in an executor turn: the authors' messages are spent, old verdicts no longer hold."""
        self.reports.append(report)
        self.pending.clear()
        self.verdict = None
        self.fault = self.fault_reason = ""
        self.blame = blame(report, self.include_tests)

    def replanned(self, plan: str) -> None:
        """Take in a new plan: failures are counted afresh from here."""
        self.plan = plan
        self.replans += 1
        self.replanned_at = len(self.reports)
