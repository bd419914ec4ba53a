"""A person's word where one is wanted: the question, the answer, and the callable that asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["acceptance", "changed_test", "dependency"]


@dataclass(frozen=True)
class ApprovalQuestion:
    """What a person is asked.

    `details` is what they need to see to decide: a diff, or the findings that it is about. It holds text that
    models wrote.
    """

    session: str
    question: str
    files: tuple[str, ...]
    kind: Kind = "acceptance"
    details: str = ""


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
"""`devteam run --approve ask` asks on the terminal; in Python, pass any callable of this shape."""
