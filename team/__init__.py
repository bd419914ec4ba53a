"""A software team made of AutoGen agents: the public names, nothing else."""

from team.config import CodeGenerationConfig
from team.generators.api import APIGenerator
from team.generators.crud import CRUDGenerator
from team.generators.pipeline import DataPipelineGenerator
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
