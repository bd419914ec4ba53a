"""Where answers come from: one protocol for a live endpoint, a tape and the draft."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Drafts = Literal["nothing", "first", "all"]
"""What of a session's answers templates give: none; the first, before a model is asked; or every one."""


class Request(BaseModel):
    """One question to a model: always one system and one user message."""

    model_config = ConfigDict(frozen=True)

    agent: str = Field(description="the role that asks")
    step: str = Field(description="the workflow step, such as 'code' or 'review'")
    system: str
    user: str
    settings: dict[str, Any] = Field(
        default_factory=dict, description="only what was chosen, e.g. temperature"
    )
    model: str = Field(default="", description="who is asked in place of the role's own model; empty: nobody")
    drafted: bool = Field(default=False, description="whether templates answer where they come first")

    @property
    def messages(self) -> list[dict[str, str]]:
        """The request as OpenAI chat messages."""
        return [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}]

    @property
    def digest(self) -> str:
        """SHA-256 over what the model is told and the chosen settings."""
        told = {"agent": self.agent, "messages": self.messages, "settings": self.settings}
        return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Answer(BaseModel):
    """One answer, with what it cost."""

    model_config = ConfigDict(frozen=True)

    content: str
    model: str = ""
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = Field(default=None, description="None when the price is unknown")
    calls: int = Field(default=1, description="requests that the endpoint answered for this one answer")
    notes: tuple[str, ...] = Field(default=(), description="what had to be done, such as a dropped parameter")


class AnswerSource(Protocol):
    """Something that answers requests."""

    name: str
    drafts: Drafts

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            team.errors.ModelUnreachable, team.errors.ModelRefusedKey, team.errors.ContextOverflow,
            team.errors.TapeExhausted, team.errors.TapeMismatch, team.errors.BudgetExceeded
        """
        ...
