"""A human's last word: the question, the answer, and the callable that asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ApprovalQuestion:
    """What a person is asked."""

    session: str
    question: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class ApprovalAnswer:
    """What they said; a comment goes to the developer when they do not approve."""

    approved: bool
    comment: str = ""

    def as_message(self) -> str:
        """The answer in the form that verdicts have in the chat."""
        findings = [{"severity": "major", "problem": self.comment or "a person did not approve"}]
        word = "approve" if self.approved else "revise"
        return json.dumps({"verdict": word, "findings": [] if self.approved else findings})


Approver = Callable[[ApprovalQuestion], ApprovalAnswer]
