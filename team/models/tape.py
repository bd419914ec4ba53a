"""Answers from a tape: recorded or hand-written, served to each role in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from team.errors import TapeExhausted, TapeMismatch
from team.models.base import Answer, Drafts, Request
from team.models.budget import Budget
from team.transcript.events import ModelCall
from team.transcript.tape import Tape


class TapeSource:
    """Serves a tape's answers with the usage and cost they were recorded with.

    Attributes:
        mismatches: where the tape answers another question than the one asked, in words.
        drafts: what templates gave in the session that was recorded.
    """

    def __init__(self, tape: Tape, *, budget: Budget | None = None, strict: bool = False) -> None:
        """Serve `tape`; `strict` raises at the first mismatch instead of collecting it."""
        self.name = f"tape:{tape.path}"
        self.mismatches: list[str] = []
        self._tape = tape
        self._budget = budget or Budget()
        self._strict = strict
        self._served: Counter[str] = Counter()
        self.drafts: Drafts = "nothing"
        if "draft" in tape.models:
            self.drafts = "all" if tape.models == {"draft"} else "first"

    def answer(self, request: Request) -> Answer:
        """The role's next answer on the tape.

        Raises:
            TapeExhausted: the tape has no further answer for the role.
            TapeMismatch: `strict`, and the answer was given to another question.
            BudgetExceeded: the recorded session spent more than this one may.
        """
        following = self._tape.peek(request.agent)
        reservation = self._budget.reserve(
            following.cost_usd or 0.0 if following else 0.0,
            role=request.agent,
            tokens=following.prompt_tokens + following.completion_tokens if following else 0,
        )
        call = self._tape.next(request.agent)
        if call is None:
            self._budget.release(reservation)
            raise self._exhausted(request)
        self._served[request.agent] += 1
        answer = _answer(call)
        self._budget.settle(answer, reservation)
        self._compare(call, request)
        return answer

    def skip(self, answered: Mapping[str, int]) -> None:
        """Pass over answers that a resumed session has on record: role → how many."""
        for role, count in answered.items():
            for _ in range(count):
                self._tape.next(role)
            self._served[role] += count

    def left(self) -> dict[str, int]:
        """How many answers nobody asked for, by role."""
        return self._tape.left()

    def _exhausted(self, request: Request) -> TapeExhausted:
        served = self._served[request.agent]
        had = f"{served} answer{'' if served == 1 else 's'}" if served else "no answer"
        return TapeExhausted(
            f"the tape {self._tape.path} had {had} for {request.agent}, and a further one is needed"
            f" ({request.step})"
        )

    def _compare(self, call: ModelCall, request: Request) -> None:
        if not call.request_digest or call.request_digest == request.digest:
            return
        number = self._served[request.agent]
        mismatch = f"answer {number} for {request.agent} ({request.step}) was given to another question"
        if self._strict:
            raise TapeMismatch(f"the tape {self._tape.path}: {mismatch}")
        self.mismatches.append(mismatch)


def _answer(call: ModelCall) -> Answer:
    recorded: dict[str, Any] = {
        name: value
        for name, value in call.answer.items()
        if name in Answer.model_fields and value is not None
    }
    return Answer.model_validate(
        recorded
        | {
            "prompt_tokens": call.prompt_tokens,
            "completion_tokens": call.completion_tokens,
            "cost_usd": call.cost_usd,
        }
    )
