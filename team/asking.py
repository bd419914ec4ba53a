"""One question to a model: the view of the moment, the answer, its price, and a second try if unreadable."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import prompts
from executors.blocks import BadBlock, CommandBlock, read_message
from team.board import Board
from team.config import CodeGenerationConfig
from team.errors import ContextOverflow, ModelUnreachable, TapeMismatch
from team.generators.solve.cases import as_files
from team.models.base import Answer, AnswerSource, Request
from team.models.budget import Budget
from team.steps import AUTHOR_STEPS, VERDICT_STEPS, Step
from team.transcript.events import ModelCall
from team.transcript.origin import Origin
from team.transcript.store import SessionLog
from team.verdicts import read_fault, read_verdict
from team.views import NARROWEST, view

SELECTOR = "chat_manager"
"""The name under which AutoGen's own speaker selection asks (``speaker_selection="auto"``)."""


class Asker:
    """Asks the answer source for one role after another and records every answer."""

    def __init__(
        self,
        board: Board,
        source: AnswerSource,
        log: SessionLog,
        config: CodeGenerationConfig,
        budget: Budget,
        tree: Callable[[], Mapping[str, str]],
        packages: tuple[str, ...],
        origin: Origin | None = None,
    ) -> None:
        self._board = board
        self._source = source
        self._log = log
        self._config = config
        self._budget = budget
        self._tree = tree
        self._origin = origin or Origin()
        self._answered = 0
        self.packages = packages

    def ask(self, role: str, messages: list[dict[str, str]]) -> Answer:
        """Answer for AutoGen's client; `messages` are the system message and the view.

        Raises:
            team.errors.SessionFailure: the source cannot answer; the session ends with its reason.
        """
        system = "\n\n".join(m["content"] or "" for m in messages if m["role"] == "system")
        if role == SELECTOR:
            asked = "\n\n".join(f"{m.get('name', m['role'])}: {m['content']}" for m in messages[1:])
            return self._answer(role, "select", system, asked)
        asked, answer = self._ask_narrowing(role, system)
        problem = unreadable(self._board.step, as_files(self._board.spec, role, answer.content))
        if problem:
            again = prompts.render("turns/again.md.j2", self._config.prompts, asked=asked, problem=problem)
            answer = self._answer(role, self._board.step, system, again)
        return answer

    def _ask_narrowing(self, role: str, system: str) -> tuple[str, Answer]:
        for narrow in range(NARROWEST + 1):
            asked = self._view(narrow)
            try:
                return asked, self._answer(role, self._board.step, system, asked)
            except ContextOverflow as overflow:
                if narrow == NARROWEST:
                    raise ModelUnreachable(
                        f"even the narrowest view is too long for the model ({overflow.problem})",
                        "use a model with a longer context, or set the server's context length",
                    ) from overflow
        raise AssertionError("unreachable: the loop returns or raises")

    def _view(self, narrow: int) -> str:
        return view(
            self._board,
            self._tree(),
            packages=self.packages,
            folder=self._config.prompts,
            narrow=narrow,
            remark=self._remark,
        )

    @property
    def _remark(self) -> str:
        """What a person said when this session was forked, once the recorded calls are answered."""
        return self._origin.message if self._answered >= self._origin.calls else ""

    def _answer(self, role: str, step: str, system: str, user: str) -> Answer:
        settings = {
            name: value
            for name, value in (
                ("temperature", self._config.temperature),
                ("max_tokens", self._config.max_tokens),
            )
            if value is not None
        }
        request = Request(
            agent=role,
            step=step,
            system=system,
            user=user,
            settings=settings,
            model=self._board.model,
            drafted=self._board.drafted,
        )
        answer = self._recorded(request)
        if answer is None:
            started = time.monotonic()
            answer = self._source.answer(request)
            self._log.record(_event(request, answer, self._board.iteration, time.monotonic() - started))
        self._answered += 1
        return answer

    def _recorded(self, request: Request) -> Answer | None:
        """The answer that a resumed session has on record for this question.

        Raises:
            TapeMismatch: the record answers another question, so going on would mix two sessions.
        """
        event = self._log.recorded("model_call", agent=request.agent, step=request.step)
        if not isinstance(event, ModelCall):
            return None
        if event.request_digest != request.digest:
            raise TapeMismatch(
                f"the recorded answer of {request.agent} ({request.step}) was given to another question",
                "resume with the settings, prompts and version the session was started with",
            )
        self._log.record(event)
        answer = Answer(
            **event.answer,
            prompt_tokens=event.prompt_tokens,
            completion_tokens=event.completion_tokens,
            cost_usd=event.cost_usd,
        )
        self._budget.settle(answer, role=request.agent)
        return answer


def _event(request: Request, answer: Answer, iteration: int, seconds: float) -> ModelCall:
    return ModelCall(
        agent=request.agent,
        iteration=iteration,
        step=request.step,
        request_digest=request.digest,
        request=tuple(request.messages),
        answer={
            "content": answer.content,
            "model": answer.model,
            "finish_reason": answer.finish_reason,
            "calls": answer.calls,
            "notes": list(answer.notes),
        },
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        cost_usd=answer.cost_usd,
        seconds=round(seconds, 3),
    )


def unreadable(step: Step, content: str) -> str:
    """Why an answer is of no use for a step, in words for its author; empty when it is."""
    if step in VERDICT_STEPS and read_verdict(content) is None:
        return 'There was no verdict in it: {"verdict": "approve" or "revise", "findings": [...]}.'
    if step is Step.FAULT and read_fault(content) is None:
        return 'There was no fault in it: {"fault": "code", "test" or "design", "reason": "..."}.'
    if step in AUTHOR_STEPS:
        blocks = read_message(content)
        if not blocks:
            return "There was no fenced code block with a file in it."
        if all(isinstance(block, BadBlock | CommandBlock) for block in blocks):
            bad = next((block.problem for block in blocks if isinstance(block, BadBlock)), "")
            return bad or "No block in it names a file: begin each with a comment `filename: PATH`."
    return ""
