"""How a session ends: the statuses, the reasons, and the Result handed back."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from team.gates.base import GateResult
from team.reading import MappingAccess
from team.reasons import Reason as Reason
from team.reasons import Status as Status
from team.regeneration.outcome import Regeneration


class RoleUsage(MappingAccess):
    """Calls and tokens of one role."""

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = Field(default=None, description="None when a price is unknown, never 0 for that")


class Usage(RoleUsage):
    """The totals of a session, and the same by role."""

    by_role: dict[str, RoleUsage] = Field(default_factory=dict)


class GenerationResult(MappingAccess):
    """What a session hands back, however it ended.

    The fields can also be read as ``result["files"]``, as older AutoGen scripts do.
    """

    model_config = ConfigDict(frozen=True)

    accepted: bool
    status: Status
    reason: Reason
    message: str = Field(description="the reason in words, with what to do about it")
    files: tuple[str, ...] = Field(description="absolute paths of the accepted, else the best, tree")
    work_dir: str = Field(description="the folder that holds the files")
    path: str = Field(description="the session's folder")
    chat_history: tuple[dict[str, Any], ...] = Field(description="AutoGen messages: name, role, content")
    gates: dict[str, GateResult] = Field(description="what each gate said of the files handed back")
    usage: Usage
    iterations: int
    session: str = Field(description="the session's id")
    evidence: tuple[str, ...] = Field(default=(), description="what acceptance rests on, such as 'tests'")
    open_rules: tuple[str, ...] = ()
    regeneration: Regeneration | None = Field(default=None, description="what became of the output folder")

    @property
    def exit_code(self) -> int:
        """The exit code of the command line: the session's, and after 0 that of the output folder."""
        if self.reason.exit_code or self.regeneration is None:
            return self.reason.exit_code
        return self.regeneration.exit_code
