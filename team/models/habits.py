"""What each model turned out to refuse, so that it is asked for it only once in a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from team.models.refusal import Kind, Refusal


class Habits:
    """The request parameters that one model accepts, learned from its refusals."""

    def __init__(self) -> None:
        self._dropped: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._folds_system = False

    def messages(self, system: str, user: str) -> list[dict[str, str]]:
        """One system and one user message, or one user message where the model knows no other."""
        if self._folds_system or not system:
            return [{"role": "user", "content": f"{system}\n\n{user}" if system else user}]
        return [{"role": "system", "content": system}, {"role": "user", "content": user}]

    def settings(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """The chosen settings under the names that the model takes, without those that it refuses."""
        named = {self._renamed.get(name, name): value for name, value in chosen.items()}
        return {name: value for name, value in named.items() if name not in self._dropped}

    def learn(self, refusal: Refusal, sent: Mapping[str, Any]) -> str | None:
        """Ask differently from now on; says what changed, or None when nothing in the request is refused.

        Args:
            refusal: what the endpoint answered.
            sent: the settings as they were sent.
        """
        if refusal.kind is not Kind.PARAMETER:
            return None
        if "max_tokens" in sent and "max_completion_tokens" in refusal.text:
            self._renamed["max_tokens"] = "max_completion_tokens"
            return "max_tokens is sent as max_completion_tokens"
        for name in sent:
            if refusal.names(name):
                self._dropped.add(name)
                return f"{name} is not accepted and was left out"
        if refusal.refuses_system and not self._folds_system:
            self._folds_system = True
            return "the system message is not accepted and was put before the user message"
        return None
