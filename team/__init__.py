"""A software team made of AutoGen agents: the public names, nothing else.

They are imported at first use, so that a command that only prints does not wait for what it does not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from team.config import CodeGenerationConfig
    from team.generators.api import APIGenerator
    from team.generators.crud import CRUDGenerator
    from team.generators.etl import DataPipelineGenerator
    from team.generators.problem import ProblemSolver
    from team.result import GenerationResult
    from team.team import CodeGenerationTeam

__all__ = [
    "APIGenerator",
    "CRUDGenerator",
    "CodeGenerationConfig",
    "CodeGenerationTeam",
    "DataPipelineGenerator",
    "GenerationResult",
    "ProblemSolver",
]

_HOMES = {
    "APIGenerator": "team.generators.api",
    "CRUDGenerator": "team.generators.crud",
    "CodeGenerationConfig": "team.config",
    "CodeGenerationTeam": "team.team",
    "DataPipelineGenerator": "team.generators.etl",
    "GenerationResult": "team.result",
    "ProblemSolver": "team.generators.problem",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
