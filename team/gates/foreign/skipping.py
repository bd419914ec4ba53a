"""What stands in the place of a gate that judges Python alone."""

from __future__ import annotations

from team.gates.base import GateResult, Target


class PythonOnly:
    """A gate that does not apply to a solution in another language, and says so."""

    def __init__(self, name: str, language: str) -> None:
        self.name = name
        self._language = language

    def skips(self, target: Target) -> str:
        """Why it does not apply."""
        return f"it judges Python, and this is {self._language}"

    def run(self, target: Target) -> GateResult:
        """Never asked, as it skips."""
        raise ValueError("the gate was asked although it skips")
