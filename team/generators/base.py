"""What all generators share: settings in, one session, its Result out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from team.config import CodeGenerationConfig
from team.result import GenerationResult

if TYPE_CHECKING:
    from team.approval import Approver
    from team.specs import Spec
    from team.transcript.progress import Observer


class Generator:
    """Turns specs of one kind into sessions.

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

    def _generate(self, kind: str, spec: Spec | Mapping[str, Any]) -> GenerationResult:
        from team.specs import load_spec

        loaded = load_spec(kind, dict(spec)) if isinstance(spec, Mapping) else spec
        from team.session import run_session  # AutoGen comes with it, which takes its time

        return run_session(loaded, self.config, observers=self._observers, approver=self._approver)
