"""Between the chat and the board: takes in what was said, and says who is next.

With ``speaker_selection="workflow"`` the conductor is the selector of the GroupChat. With AutoGen's own
selection it follows: it derives what a turn is for from who speaks, and ends the chat when the
same conditions hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from team.board import Board, Said
from team.generators.solve.cases import as_files
from team.result import Reason
from team.steps import AUTHOR_STEPS, PLAN_STEPS, SPEAKER, VERDICT_STEPS, Step
from team.transcript.events import Event, Message, Verdict
from team.transcript.store import SessionLog
from team.verdicts import read_fault, read_verdict, unreadable_verdict
from team.workflow import next_step

OpenRules = Callable[[], tuple[str, ...]]


class Conductor:
    """Moves one session's board from step to step. `ending` is set when there is no next step."""

    def __init__(self, board: Board, log: SessionLog) -> None:
        self.board = board
        self.ending: Reason | None = None
        self._log = log
        self._heard = 0
        self._planned = self._signed_off = False

    def next_speaker(self, messages: list[dict[str, Any]]) -> str | None:
        """The role that speaks next by the workflow, or None to end; `ending` then has the reason."""
        self.hear(messages)
        following = next_step(self.board)
        if isinstance(following, Reason):
            self.ending = following
            return None
        self.board.begin(following)
        return SPEAKER[following]

    def begin_turn(self, role: str, messages: list[dict[str, Any]]) -> None:
        """Under AutoGen's own selection: take in what was said and find what this turn is for."""
        self.hear(messages)
        self.board.step = self._step_of(role)

    def is_over(self, messages: list[dict[str, Any]]) -> bool:
        """Under AutoGen's own selection: whether the newest message ends the chat."""
        self.hear(messages)
        board = self.board
        if board.step is Step.EXECUTE and not board.green and board.iteration >= board.max_iterations:
            self.ending = Reason.ITERATIONS
        elif board.green and (self._signed_off or not board.include_review):
            self.ending = Reason.OPEN_RULES if board.open_rules else Reason.ACCEPTED
        elif board.green and board.verdict and not board.approved and board.iteration >= board.max_iterations:
            self.ending = Reason.NOT_APPROVED
        return self.ending is not None

    def hear(self, messages: list[dict[str, Any]]) -> None:
        """Take in the messages that are new since the last time. The first one is the task."""
        for message in messages[self._heard :]:
            content = str(message.get("content") or "")
            if self._heard == 0:
                self._note(Message(agent="", step=Step.START, content=content))
            else:
                self._take_in(str(message.get("name", "")), content)
            self._heard += 1

    def _take_in(self, agent: str, content: str) -> None:
        board, step = self.board, self.board.step
        self._note(Message(agent=agent, iteration=board.iteration, step=step, content=content))
        if step in AUTHOR_STEPS:
            board.pending.append(Said(agent, as_files(board.spec, agent, content)))
            if step is Step.OPEN_CODE:
                board.opened()
        elif step is Step.PLAN:
            board.plan, self._planned = content, True
        elif step in PLAN_STEPS:
            board.replanned(content)
        elif step is Step.HAND_OVER:
            board.hand_over()
        elif step is Step.FAULT:
            self._take_fault(agent, content)
        elif step in VERDICT_STEPS or step is Step.APPROVAL:
            self._take_verdict(agent, content)

    def _take_fault(self, agent: str, content: str) -> None:
        read = read_fault(content)
        self.board.fault = read.fault if read else "code"
        self.board.fault_reason = read.reason if read else ""
        self._note(
            Verdict(
                agent=agent,
                iteration=self.board.iteration,
                step=Step.FAULT,
                verdict=self.board.fault,
                reason=self.board.fault_reason,
            )
        )

    def _take_verdict(self, agent: str, content: str) -> None:
        verdict = read_verdict(content) or unreadable_verdict(content)
        self.board.verdict = verdict
        self._signed_off = self.board.step is Step.SIGN_OFF and verdict.approves
        self._note(
            Verdict(
                agent=agent,
                iteration=self.board.iteration,
                step=self.board.step,
                verdict="approve" if verdict.approves else "revise",
                findings=verdict.findings,
            )
        )

    def _step_of(self, role: str) -> Step:
        board = self.board
        if role == "architect":
            if not self._planned:
                return Step.PLAN
            return Step.SIGN_OFF if board.green and board.approved else Step.REPLAN
        if role == "code_reviewer":
            return Step.FAULT if board.report and not board.green else Step.REVIEW
        if role == "test_engineer":
            return Step.REPAIR_TESTS if board.report else Step.TESTS
        if role == "developer":
            return Step.REPAIR_CODE if board.report else Step.CODE
        return Step.EXECUTE

    def _note(self, event: Event) -> None:
        self._log.record(event)
