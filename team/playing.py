"""What the agents of a running session do when it is their turn."""

from __future__ import annotations

from collections.abc import Callable

from team import worktree
from team.approval import ApprovalAnswer, ApprovalQuestion, Approver
from team.crew import ChatMessages
from team.mandate import mandate_of
from team.models.base import Answer
from team.steps import Step
from team.transcript.events import Approval
from team.workbench import Workbench


class SessionScore:
    """Plays a session at its workbench: the callables behind the agents.

    Args:
        bench: what the session works with.
        by_workflow: whether the workflow chooses the speakers, not AutoGen.
        approver: who has the last word, where a human is asked.
        on_status: told in a few words what goes on.
    """

    def __init__(
        self,
        bench: Workbench,
        *,
        by_workflow: bool,
        approver: Approver | None,
        on_status: Callable[[str], None],
    ) -> None:
        self._bench = bench
        self._by_workflow = by_workflow
        self._approver = approver
        self._on_status = on_status

    def ask(self, role: str, messages: list[dict[str, str]]) -> Answer:
        """An assistant's answer, for AutoGen's model client."""
        self._on_status(f"{role} is thinking")
        return self._bench.asker.ask(role, messages)

    def look(self, role: str, chat: ChatMessages) -> ChatMessages:
        """What an assistant is shown: the asker builds the view, so the step's name is enough here."""
        self._begin_turn(role, chat)
        return [{"role": "user", "content": str(self._bench.board.step)}]

    def execute(self, chat: ChatMessages) -> str:
        """The executor's turn."""
        self._begin_turn("executor", chat)
        board = self._bench.board
        if board.step is Step.HAND_OVER:
            return (
                f"The same failures keep coming back. Another model goes on from here: {board.other_model}."
            )
        report = self._bench.turn.run(tuple(board.pending), board.iteration + 1, mandate_of(board))
        board.executed(report)
        return report.text

    def approve(self, chat: ChatMessages) -> str:
        """The human's turn."""
        log, board = self._bench.log, self._bench.board
        recorded = log.recorded("approval", iteration=board.iteration)
        if isinstance(recorded, Approval):
            log.record(recorded)
            return ApprovalAnswer(recorded.approved, recorded.comment).as_message()
        files = tuple(worktree.paths(self._bench.files))
        question = ApprovalQuestion(log.session, "Every check passes. Accept this result?", files)
        answer = self._approver(question) if self._approver else ApprovalAnswer(False)
        event = Approval(
            agent="human",
            iteration=board.iteration,
            question=question.question,
            approved=answer.approved,
            comment=answer.comment,
        )
        log.record(event)
        return answer.as_message()

    def next_speaker(self, chat: ChatMessages) -> str | None:
        """The workflow's choice."""
        return self._bench.conductor.next_speaker(chat)

    def is_over(self, chat: ChatMessages) -> bool:
        """Whether the chat has ended, under AutoGen's own selection."""
        return self._bench.conductor.is_over(chat)

    def _begin_turn(self, role: str, chat: ChatMessages) -> None:
        if not self._by_workflow:
            self._bench.conductor.begin_turn(role, chat)
