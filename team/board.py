"""The state of one session: what the workflow decides on and the views show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from team.attempts import Attempt, gist, tried
from team.models.base import Drafts
from team.report import TurnReport
from team.steps import MODEL_STEPS, OPEN_STEPS, Step
from team.triage import Blame, blame, is_test_path

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
    drafts: Drafts = "nothing"

    step: Step = Step.START
    plan: str = ""
    pending: list[Said] = field(default_factory=list)
    reports: list[TurnReport] = field(default_factory=list)
    verdict: Verdict | None = None
    fault: str = ""
    fault_reason: str = ""
    replans: int = 0
    replanned_at: int = 0
    other_model: str = ""
    handed_over: bool = False
    counted_from: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    blame: Blame = field(default_factory=Blame)
    by_templates: bool = True
    draft: Mapping[str, str] = field(default_factory=dict)
    left_open: tuple[str, ...] = ()
    opened_at: int | None = None

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
    def asks_human(self) -> bool:
        """Whether a person has the last word: asked for, or because a finding is theirs to decide."""
        return self.ask_human or bool(self.report and (self.report.waived or self.report.losses))

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
        """Whether work goes in circles since the newest plan, or since another model took over.

        Either the newest failures were found `SAME_FAILURE_LIMIT` times, each after another patch, or the
        tree is one that was red before although every block was laid down.
        """
        return self._seen >= SAME_FAILURE_LIMIT or self._came_back

    @property
    def tried(self) -> list[str]:
        """What did not help, once the same failures were found after another patch; empty before."""
        again = self._seen > 1 or self._came_back or self.replans or self.handed_over
        return tried(self.attempts) if again else []

    @property
    def model(self) -> str:
        """The model that is asked in place of the chosen ones; empty for those."""
        return self.other_model if self.handed_over else ""

    @property
    def _counted(self) -> list[TurnReport]:
        """The turns since the newest plan or model, when the last of them is red."""
        since = self.reports[self.counted_from :]
        return since if since and not since[-1].green else []

    @property
    def _seen(self) -> int:
        since = self._counted
        return sum(report.failures == since[-1].failures for report in since)

    @property
    def _came_back(self) -> bool:
        since = self._counted
        if not since or since[-1].hindered:
            return False
        return any(since[-1].tree == old.tree for old in since[:-1] if not old.green)

    @property
    def best(self) -> TurnReport | None:
        """The attempt whose red gates weigh least, then with the fewest findings; of equals the newest.

        `TurnReport.badness` has the order in full.
        """
        return min(reversed(self.reports), key=lambda report: report.badness, default=None)

    @property
    def drafted(self) -> bool:
        """Whether templates answer the current step of a session in which they come first.

        The plan is theirs, so they also say whether the work still follows it, unless there is a new one.
        """
        alone = self.by_templates or (self.step is Step.SIGN_OFF and not self.replans)
        return self.drafts == "first" and alone

    @property
    def opening(self) -> bool:
        """Whether the executor's coming turn is the first over what a draft left open."""
        return self.opened_at is not None and self.opened_at == self.iteration

    @property
    def focused(self) -> bool:
        """Whether what a draft left open is being worked at, so that little else needs to be shown."""
        return self.step in OPEN_STEPS or self.opened_at is not None

    def begin(self, step: Step) -> None:
        """Go to a step."""
        self.step = step
        self.by_templates = self.by_templates and step not in MODEL_STEPS

    def opened(self) -> None:
        """What the draft left open is somebody's work now; the reviews decide whether it is done."""
        self.opened_at = self.iteration
        self.left_open, self.open_rules = self.open_rules, ()

    def open_rules_of(self, report: TurnReport | None) -> tuple[str, ...]:
        """What nobody had worked at yet when a turn was judged."""
        before = self.opened_at is not None and report is not None and report.iteration <= self.opened_at
        return self.left_open if before else self.open_rules

    def executed(self, report: TurnReport) -> None:
        """Take in an executor turn: the authors' messages are spent, old verdicts no longer hold.

        Where something open was to be written and no source changed, it is still open.
        """
        if self.opening and report.green and all(map(is_test_path, report.changed)):
            self.opened_at, self.open_rules = None, self.left_open
        self.reports.append(report)
        self.attempts.append(
            Attempt(tuple((said.agent, gist(said.content)) for said in self.pending), report)
        )
        self.pending.clear()
        self.verdict = None
        self.fault = self.fault_reason = ""
        self.blame = blame(report, self.include_tests)

    def replanned(self, plan: str) -> None:
        """Take in a new plan: failures are counted afresh from here."""
        self.plan = plan
        self.replans += 1
        self.replanned_at = self.counted_from = len(self.reports)

    def hand_over(self) -> None:
        """Another model goes on: failures are counted afresh from here."""
        self.handed_over = True
        self.counted_from = len(self.reports)
