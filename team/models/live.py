"""Answers from a live model behind any OpenAI-compatible endpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from team.errors import ContextOverflow, ModelUnreachable
from team.models.base import Answer, Drafts, Request
from team.models.budget import Budget
from team.models.continuation import ask_on, join
from team.models.endpoint import Endpoint
from team.models.pricing import Price, cost_of, price_of
from team.models.reply import Reply, was_cut
from team.models.transport import Transport

CONTINUATIONS = 4
"""How often a cut answer is continued at most."""

LONGEST_ANSWER = 4096
"""Tokens of one request's answer where money or tokens are bounded and no max_tokens is set."""

BYTES_PER_TOKEN = 3.0
"""Of what a request is taken to count at least, until a model's own counting is known."""


class LiveSource:
    """Asks a model, continues what was cut, asks again once where there was no text, counts what it cost."""

    drafts: Drafts = "nothing"

    def __init__(
        self,
        *,
        model: str,
        base_url: str | None,
        api_key: str | None,
        timeout: float,
        budget: Budget,
        role_models: Mapping[str, str] | None = None,
        price: Price | None = None,
        key_name: str = "OPENAI_API_KEY",
        sleep: Callable[[float], None] = time.sleep,
        on_status: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare an endpoint; nothing is sent before the first question.

        Args:
            model: the model of every role that `role_models` does not name.
            base_url: None is OpenAI's own.
            api_key: may be empty where a base URL is given.
            timeout: seconds for one request.
            budget: asked before every request, told after it.
            role_models: role → model.
            price: USD per million tokens of `model`, in and out; None looks it up.
            key_name: where the key comes from, for messages.
            sleep: waits between tries.
            on_status: is told in words what is waited for or was changed.

        Raises:
            ConfigError: the base URL or the key cannot be one.
        """
        self.name = model
        self._base_url = base_url
        self._role_models = dict(role_models or {})
        self._price = price
        self._budget = budget
        self._transport = Transport(base_url, api_key, key_name)
        self._endpoint = Endpoint(
            self._transport,
            key_name=key_name,
            timeout=timeout,
            budget=budget,
            sleep=sleep,
            on_status=on_status or _unheard,
        )
        self._unreported: list[Answer] = []
        self._tokens_per_byte: dict[str, float] = {}

    def answer(self, request: Request) -> Answer:
        """The model's answer to one request, whole.

        Tokens, cost and calls are those of all requests that it took, and of earlier ones whose answer
        could not be used and raised.

        Raises:
            ModelUnreachable, ModelRefusedKey, ContextOverflow, BudgetExceeded
        """
        notes: list[str] = []
        reply = self._text(request, notes)
        content = reply.content
        for _ in range(CONTINUATIONS):
            if reply.finish_reason != "length":
                break
            reply = self._request(request, ask_on(request.user, content), request.settings, notes)
            if not reply.content:
                break
            content = join(content, reply.content)
            notes.append("the answer was cut and continued")
        if reply.finish_reason == "length":
            notes.append("the answer is still cut after all continuations")
        return self._total(content, reply, notes)

    def close(self) -> None:
        """Let go of the connections; safe to call twice."""
        self._transport.close()

    def model_of(self, role: str) -> str:
        """The model that answers for a role."""
        return self._role_models.get(role) or self.name

    def _text(self, request: Request, notes: list[str]) -> Reply:
        """A reply with text in it, asked for twice at most."""
        reply = self._request(request, request.user, request.settings, notes)
        if reply.content:
            return reply
        settings, first = dict(request.settings), reply.problem
        if reply.finish_reason == "length" and settings.pop("max_tokens", None):
            notes.append("max_tokens was used up before the answer began, and was left out")
        user = f"{request.user}\n\nYour last answer to this had no text. Answer in text."
        reply = self._request(request, user, settings, notes)
        if not reply.content:
            raise ModelUnreachable(
                f"{request.model or self.model_of(request.agent)} gave {reply.problem}, twice in a row",
                "try again, or choose another --model",
            )
        notes.append(f"asked again after {first}")
        return reply

    def _request(self, request: Request, user: str, settings: Mapping[str, Any], notes: list[str]) -> Reply:
        model = request.model or self.model_of(request.agent)
        price = self._price_of(model)
        text = request.system + user
        reserved = self._budget.reserve_request(
            request.agent,
            self._longest_prompt(model, text),
            int(settings.get("max_tokens") or LONGEST_ANSWER),
            price,
        )
        if reserved.completion_tokens is not None:
            settings = {**settings, "max_tokens": reserved.completion_tokens}
        try:
            reply = self._endpoint.ask(model, request.system, user, settings)
        except BaseException:
            self._budget.release(reserved)
            raise
        part = Answer(
            content="",
            model=reply.model or model,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            cost_usd=cost_of(price, reply.prompt_tokens, reply.completion_tokens) if reply.counted else None,
        )
        self._budget.settle(part, reserved)
        self._learn(model, text, reply.prompt_tokens)
        self._unreported.append(part)
        notes.extend(reply.notes)
        if was_cut(reply, text):
            raise ContextOverflow(
                f"the server read only {reply.prompt_tokens} tokens of {len(text)} characters",
                "raise its context length (Ollama: OLLAMA_CONTEXT_LENGTH)",
            )
        return reply

    def _longest_prompt(self, model: str, text: str) -> int:
        """The most tokens that a request can count, by what this model counted so far."""
        return math.ceil(len(text.encode()) * self._tokens_per_byte.get(model, 1 / BYTES_PER_TOKEN))

    def _learn(self, model: str, text: str, tokens: int) -> None:
        if tokens and text:
            seen = 1.05 * tokens / len(text.encode())
            self._tokens_per_byte[model] = max(self._tokens_per_byte.get(model, 1 / BYTES_PER_TOKEN), seen)

    def _total(self, content: str, last: Reply, notes: list[str]) -> Answer:
        parts, self._unreported = self._unreported, []
        costs = [part.cost_usd for part in parts]
        return Answer(
            content=content,
            model=parts[-1].model,
            finish_reason=last.finish_reason,
            prompt_tokens=sum(part.prompt_tokens for part in parts),
            completion_tokens=sum(part.completion_tokens for part in parts),
            cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
            calls=len(parts),
            notes=tuple(dict.fromkeys(notes)),
        )

    def _price_of(self, model: str) -> Price | None:
        if self._price is not None and model == self.name:
            return self._price
        return price_of(model, self._base_url)


def _unheard(text: str) -> None:
    """Where nobody listens."""
