"""The settings of a session.

`CodeGenerationConfig(...)` takes arguments and defaults only; `CodeGenerationConfig.load()` also reads
the environment and files. No secret is ever part of `public()`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

ExecutorName = Literal["auto", "local", "docker", "unconfined"]
Speakers = Literal["workflow", "auto", "round_robin"]
Approve = Literal["auto", "ask"]


class CodeGenerationConfig(BaseModel):
    """How a team works: model, sandbox, limits, judgement. Frozen; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(default="", description="a model's name, 'draft', or 'tape:PATH'; empty: decide")
    base_url: str | None = Field(default=None, description="an OpenAI-compatible endpoint")
    api_key: SecretStr | None = None
    role_models: dict[str, str] = Field(default_factory=dict, description="role → model name")
    temperature: float | None = Field(default=None, ge=0, le=2, description="sent only when set")
    max_tokens: int | None = Field(default=None, gt=0, description="sent only when set")
    price: tuple[float, float] | None = Field(default=None, description="USD per million tokens, in and out")
    model_timeout: float = Field(default=120, gt=0, description="seconds for one request to the model")

    executor: ExecutorName = "auto"
    use_docker: bool = Field(default=False, description="the same as executor='docker'")
    python: Path | None = Field(default=None, description="the user's own interpreter for the sandbox")
    packages: tuple[str, ...] = Field(default=(), description="requirements to add to the sandbox")
    image: str | None = Field(default=None, description="the container image")
    timeout: float = Field(default=120, gt=0, description="seconds for one execution")
    memory_mb: int = Field(default=2048, gt=0)

    work_dir: Path = Field(default=Path("./workspace"), description="where sessions land")
    output: Path | None = Field(default=None, description="a copy of the accepted files")
    repo: Path | None = Field(default=None, description="an existing codebase to work on")
    prompts: Path | None = Field(default=None, description="a folder of prompts that win over ours")

    language: str = "python"
    specialty: Literal["general", "python", "frontend", "backend", "data"] = "general"
    include_tests: bool = True
    include_review: bool = True
    gates: tuple[str, ...] = Field(default=(), description="empty: all that apply")
    coverage: float = Field(default=80.0, ge=0, le=100, description="percent of lines")
    mutation: float | None = Field(default=None, ge=0, le=100, description="percent; None: report only")

    max_iterations: int = Field(default=10, gt=0)
    max_calls: int | None = Field(default=None, gt=0)
    max_cost: float | None = Field(default=None, gt=0, description="USD")
    max_seconds: float | None = Field(default=None, gt=0, description="for the whole session")
    speaker_selection: Speakers = "workflow"
    approve: Approve = "auto"

    @model_validator(mode="after")
    def _docker_both_ways(self) -> Self:
        if self.use_docker and self.executor not in ("auto", "docker"):
            raise ValueError(f"use_docker=True contradicts executor={self.executor!r}")
        if self.use_docker:
            object.__setattr__(self, "executor", "docker")
        return self

    def public(self) -> dict[str, Any]:
        """The settings as JSON values, without secrets."""
        return self.model_dump(mode="json", exclude={"api_key"})
