"""Sums over model calls, taken in one at a time."""

from __future__ import annotations

from dataclasses import dataclass

from team.result import RoleUsage
from team.transcript.events import ModelCall


@dataclass
class Tally:
    """Calls, tokens, dollars and seconds so far. The cost is None as soon as one price is unknown."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    seconds: float = 0.0

    def add(self, call: ModelCall) -> None:
        """Take in one recorded call, which may stand for several requests."""
        number = call.answer.get("calls")
        self.calls += number if isinstance(number, int) else 1
        self.prompt_tokens += call.prompt_tokens
        self.completion_tokens += call.completion_tokens
        known = self.cost_usd is not None and call.cost_usd is not None
        self.cost_usd = (self.cost_usd or 0.0) + (call.cost_usd or 0.0) if known else None
        self.seconds += call.seconds

    @property
    def usage(self) -> RoleUsage:
        """The same as a result states it."""
        return RoleUsage(
            calls=self.calls,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost_usd=None if self.cost_usd is None else round(self.cost_usd, 8),
        )
