"""A list of requests with what each of their answers must be, judged once all answers are there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from team.gates.base import Finding
from team.gates.contract.http.calls import Answer, Calls, Step
from team.gates.wording import told
from team.specs.service import Operation

Judgement = Callable[[Mapping[str, Answer]], Iterator[str]]
"""The answers → what is wrong with them, in words."""
_UNSAID: Any = object()


class Script:
    """Requests and judgements, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._judgements: list[tuple[str, Operation, str, Judgement]] = []

    def ask(
        self,
        operation: Operation,
        path: Iterable[Any],
        *,
        body: Any = _UNSAID,
        query: Mapping[str, Any] | None = None,
    ) -> str:
        """Add a request; its id."""
        step = Step(
            id=f"{len(self.steps)}",
            method=operation.method,
            path=tuple(path),
            query=tuple((query or {}).items()),
            body=None if body is _UNSAID else body,
            has_body=body is not _UNSAID,
        )
        self.steps.append(step)
        return step.id

    def expect(self, step: str, operation: Operation, rule: str, statuses: Iterable[int], doing: str) -> None:
        """Demand one of some statuses."""
        wanted = tuple(statuses)

        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            answer = answers[step]
            if answer.error or answer.status not in wanted:
                yield f"{doing} is answered with {_told(answer)} instead of {_either(wanted)}"

        self._judgements.append((step, operation, rule, judge))

    def judge(self, step: str, operation: Operation, rule: str, judgement: Judgement) -> None:
        """Demand something else of the answer to a step; asked only when the step has an answer."""
        self._judgements.append((step, operation, rule, judgement))

    def findings(self, calls: Calls) -> Iterator[Finding]:
        """What is wrong, once each. What only follows from another's failure is not held against anybody."""
        said: set[str] = set()
        for step, operation, rule, judgement in self._judgements:
            if step not in calls.answers:
                continue
            try:
                problems = list(judgement(calls.answers))
            except KeyError:  # it compares with an answer that is not there
                continue
            for problem in problems:
                message = f"{operation.label}: {told(problem)}"
                if message not in said:
                    said.add(message)
                    yield Finding(rule=rule, message=message)


def _told(answer: Answer) -> str:
    if answer.error:
        return f"an exception ({answer.error})"
    detail = answer.json
    words = json.dumps(detail, ensure_ascii=False) if answer.status >= 400 and detail is not None else ""
    return f"{answer.status}{' ' + words[:200] if words else ''}"


def _either(statuses: Iterable[int]) -> str:
    return " or ".join(map(str, statuses))
