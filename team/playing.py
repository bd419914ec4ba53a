"""What the agents of a running session do when it is their turn."""

from __future__ import annotations

from collections.abc import Callable

from team import worktree
from team.approval import ApprovalAnswer
from team.crew import ChatMessages
from team.mandate import mandate_of
from team.models.base import Answer
from team.people import People
from team.result import Reason
from team.steps import Step
from team.workbench import Workbench


class SessionScore:
    """Plays a session at its workbench: the callables behind the agents.

    Args:
        bench: what the session works with.
        by_workflow: whether the workflow chooses the speakers, not AutoGen.
        people: who has the last word, where a human is asked.
        on_status: told in a few words what goes on.
    """

    def __init__(
        self,
        bench: Workbench,
        *,
        by_workflow: bool,
        people: People,
        on_status: Callable[[str], None],
    ) -> None:
        self._bench = bench
        self._by_workflow = by_workflow
        self._people = people
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
        report = self._bench.run_turn(mandate_of(board))
        board.executed(report)
        if board.by_templates and board.drafts == "first":
            board.draft = worktree.tree(self._bench.files)
        return report.text

    def approve(self, chat: ChatMessages) -> str:
        """The human's turn."""
        return self._last_word().as_message()

    def _last_word(self) -> ApprovalAnswer:
        """What a person says to the result.

        Raises:
            team.errors.NobodyToAsk
        """
        board = self._bench.board
        waived = board.report.waived if board.report else ()
        losses = board.report.losses if board.report else ()
        told = [f"{len(waived)} security findings were waived"] if waived else []
        told += ["a migration loses data"] if losses else []
        passes = f"Every check passes, but {' and '.join(told)}." if told else "Every check passes."
        return self._people.ask(
            "acceptance",
            f"{passes} Accept this result?",
            iteration=board.iteration,
            files=worktree.paths(self._bench.files),
            details="\n".join(map(str, (*waived, *losses))),
        )

    def next_speaker(self, chat: ChatMessages) -> str | None:
        """The workflow's choice."""
        return self._bench.conductor.next_speaker(chat)

    def is_over(self, chat: ChatMessages) -> bool:
        """Whether the chat has ended, under AutoGen's own selection, with a person's word where wanted."""
        conductor, board = self._bench.conductor, self._bench.board
        if conductor.ending is None and conductor.is_over(chat):
            asked = conductor.ending is Reason.ACCEPTED and board.asks_human
            if asked and not self._last_word().approved:
                conductor.ending = Reason.NOT_APPROVED
        return conductor.ending is not None

    def _begin_turn(self, role: str, chat: ChatMessages) -> None:
        if not self._by_workflow:
            self._bench.conductor.begin_turn(role, chat)
