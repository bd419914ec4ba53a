"""What everything that people script against is made with."""

from __future__ import annotations

from collections.abc import Sequence

from team.approval import Approver
from team.config import CodeGenerationConfig
from team.transcript.progress import Observer


class Configured:
    """Runs sessions, all with the same settings.

    Args:
        config: the settings; None takes the defaults.
        observers: told of every event while a session runs.
        approver: asked for the last word where ``approve="ask"``.
    """

    def __init__(
        self,
        config: CodeGenerationConfig | None = None,
        *,
        observers: Sequence[Observer] = (),
        approver: Approver | None = None,
    ) -> None:
        self.config = config or CodeGenerationConfig()
        self._observers = tuple(observers)
        self._approver = approver
