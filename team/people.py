"""Asking a person in the course of a session: every decision is recorded, and none is asked for twice."""

from __future__ import annotations

from collections.abc import Sequence

from team.approval import ApprovalAnswer, ApprovalQuestion, Approver, Kind
from team.errors import NobodyToAsk
from team.transcript.events import Approval
from team.transcript.store import SessionLog

LONGEST_DETAILS = 20_000
"""Letters of what a person is shown with a question."""


class People:
    """Whoever decides in a session, by the callable that asks them.

    Args:
        log: where decisions are recorded, and looked up when a session is resumed.
        approver: asks; None where nobody is there.
    """

    def __init__(self, log: SessionLog, approver: Approver | None) -> None:
        self._log = log
        self._approver = approver

    def ask(
        self, kind: Kind, question: str, *, iteration: int, files: Sequence[str] = (), details: str = ""
    ) -> ApprovalAnswer:
        """What they say, recorded as an `approval` event; on resume, what they said.

        Raises:
            NobodyToAsk: the session ends, and can be resumed where somebody is there.
        """
        recorded = self._log.recorded("approval", iteration=iteration, question=question)
        if isinstance(recorded, Approval):
            self._log.record(recorded)
            return ApprovalAnswer(recorded.approved, recorded.comment)
        if self._approver is None:
            raise NobodyToAsk(
                f"nobody is there to answer: {question}",
                f"devteam resume {self._log.session} at a terminal, or pass approver= in Python",
            )
        shown = details[:LONGEST_DETAILS]
        answer = self._approver(ApprovalQuestion(self._log.session, question, tuple(files), kind, shown))
        event = Approval(
            agent="human",
            iteration=iteration,
            kind=kind,
            question=question,
            approved=answer.approved,
            comment=answer.comment,
        )
        self._log.record(event)
        return answer
