"""What all generators share: settings in, one session, its Result out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from team.configured import Configured
from team.result import GenerationResult

if TYPE_CHECKING:
    from team.specs import Spec


class Generator(Configured):
    """Turns specs of one kind into sessions."""

    def _generate(self, kind: str, spec: Spec | Mapping[str, Any]) -> GenerationResult:
        from team.specs import load_spec

        loaded = load_spec(kind, dict(spec)) if isinstance(spec, Mapping) else spec
        from team.session import run_session  # AutoGen comes with it, which takes its time

        return run_session(loaded, self.config, observers=self._observers, approver=self._approver)
