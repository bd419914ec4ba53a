"""One OpenAI-compatible endpoint: a request to it, repeated while that may help, or a typed error."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from team.errors import ContextOverflow, DevTeamError, ModelRefusedKey, ModelUnreachable
from team.models.budget import Budget
from team.models.habits import Habits
from team.models.refusal import Kind, Refusal, Trouble
from team.models.reply import Reply, read_reply
from team.models.transport import Transport

_LONGEST_PAUSE = 30.0


class Endpoint:
    """Asks through a transport, waits where that helps, and says in words what is wrong where it does not."""

    def __init__(
        self,
        transport: Transport,
        *,
        key_name: str,
        timeout: float,
        budget: Budget,
        sleep: Callable[[float], None],
        on_status: Callable[[str], None],
    ) -> None:
        self._transport = transport
        self._key_name = key_name
        self._timeout = timeout
        self._budget = budget
        self._sleep = sleep
        self._on_status = on_status
        self._habits: dict[str, Habits] = {}

    def ask(self, model: str, system: str, user: str, settings: Mapping[str, Any]) -> Reply:
        """The reply to one request; its notes say what had to be left out of it.

        Raises:
            ModelUnreachable, ModelRefusedKey, ContextOverflow, BudgetExceeded
        """
        habits = self._habits.setdefault(model, Habits())
        notes: list[str] = []
        tries = 0
        while True:
            self._budget.check_time()
            sent = habits.settings(settings)
            try:
                reply = self._post(model, habits.messages(system, user), sent)
                return reply._replace(notes=(*notes, *reply.notes))
            except Trouble as caught:
                trouble = caught
            if isinstance(trouble, Refusal) and (note := habits.learn(trouble, sent)):
                notes.append(f"{model}: {note}")
                self._on_status(notes[-1])
                continue
            tries += 1
            if tries >= trouble.tries:
                raise self._error(trouble, model, tries)
            self._pause(trouble, tries)

    def _post(self, model: str, messages: list[dict[str, str]], settings: Mapping[str, Any]) -> Reply:
        left = self._budget.seconds_left
        seconds = self._timeout if left is None else max(1.0, min(self._timeout, left))
        body = self._transport.post({"model": model, "messages": messages, **settings}, seconds)
        return read_reply(body, sum(len(m["content"]) for m in messages), self._transport.clean)

    def _pause(self, trouble: Trouble, tries: int) -> None:
        wait = trouble.retry_after
        if wait is None:
            wait = min(_LONGEST_PAUSE, 2.0 ** (tries - 1)) * random.uniform(0.75, 1.25)
        if (left := self._budget.seconds_left) is not None:
            wait = min(wait, left)
        self._on_status(
            f"{self._transport.host} {trouble}; waiting {wait:.0f} s, then try {tries + 1} of {trouble.tries}"
        )
        self._sleep(wait)

    def _error(self, trouble: Trouble, model: str, tries: int) -> DevTeamError:
        address = self._transport.address
        often = f" ({tries} tries)" if tries > 1 else ""
        if not isinstance(trouble, Refusal):
            return ModelUnreachable(f"{address} {trouble}{often}", "start the server, or check --base-url")
        match trouble.kind:
            case Kind.OVERFLOW:
                return ContextOverflow(f"{model} takes no request of that length: {trouble.text}")
            case Kind.KEY | Kind.CREDIT:
                return self._refused_key(trouble)
            case Kind.MODEL:
                return ModelUnreachable(
                    f"{self._transport.host} has no model {model!r}", self._listing(model)
                )
            case Kind.PATH:
                return ModelUnreachable(
                    f"there is no chat completion under {address} (it {trouble})",
                    "check --base-url; most end in /v1",
                )
            case _:
                return ModelUnreachable(
                    f"{address} {trouble}{often}", "try again later, or choose another --model or --base-url"
                )

    def _refused_key(self, refusal: Refusal) -> ModelRefusedKey:
        host = self._transport.host
        if refusal.kind is Kind.CREDIT:
            return ModelRefusedKey(
                f"the account behind {self._key_name} has no credit left at {host}",
                "add credit, or set another key",
            )
        if not self._transport.has_key:
            return ModelRefusedKey(f"{host} asks for a key", f"set {self._key_name}")
        # The text of a 401 repeats parts of the key; that of a 403 says what else it may be: a region.
        why = f"{refusal.status}: {refusal.text}" if refusal.status == 403 else str(refusal.status)
        return ModelRefusedKey(
            f"{host} refuses the key in {self._key_name} ({why})",
            "set it to a key of that endpoint",
        )

    def _listing(self, model: str) -> str:
        ask = f"curl {self._transport.address}/models"
        if self._transport.has_key:
            ask += f' -H "Authorization: Bearer ${self._key_name}"'
        pull = f", or `ollama pull {model}` where it is Ollama" if self._transport.is_local else ""
        return f"`{ask}` lists its models; choose one with --model{pull}"
