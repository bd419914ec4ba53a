"""Solutions for algorithm problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from team.generators.base import Generator
from team.result import GenerationResult

if TYPE_CHECKING:
    from team.specs import ProblemSpec


class ProblemSolver(Generator):
    """Solves algorithm problems; the team's checks decide whether a solution is accepted."""

    def solve(self, problem: str | ProblemSpec | Mapping[str, Any]) -> GenerationResult:
        """Solve a problem, given in words or as a problem spec.

        Raises:
            SpecError: the spec does not say what to solve.
            ConfigError: the settings are wrong, or there is no model to ask.
        """
        return self._generate("solve", {"description": problem} if isinstance(problem, str) else problem)
