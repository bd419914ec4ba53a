"""The settings of a session.

`CodeGenerationConfig(...)` takes arguments and defaults only; `CodeGenerationConfig.load()` also reads
the environment and files (`team.settings_sources`). No secret is ever part of `public()`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from executors.requirements import Requirement
from team.models.bounds import Bounds

ExecutorName = Literal["auto", "local", "docker", "unconfined"]
Speakers = Literal["workflow", "auto", "round_robin"]
Approve = Literal["auto", "ask"]

MODEL_ROLES = ("architect", "test_engineer", "developer", "code_reviewer")
PRESENTATION = frozenset({"json_output", "quiet", "verbose"})


class CodeGenerationConfig(BaseModel):
    """How a team works: model, sandbox, limits, judgement. Frozen; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str = Field(default="", description="a model's name, 'draft', or 'tape:PATH'; empty: decide")
    base_url: str | None = Field(default=None, description="an OpenAI-compatible endpoint")
    api_key: SecretStr | None = None
    escalation_model: str = Field(default="", description="goes on when a new plan did not help; empty: none")
    role_models: dict[str, str] = Field(default_factory=dict, description="role → model name")
    temperature: float | None = Field(default=None, ge=0, le=2, description="sent only when set")
    max_tokens: int | None = Field(default=None, gt=0, description="sent only when set")
    price: tuple[float, float] | None = Field(default=None, description="USD per million tokens, in and out")
    model_timeout: float = Field(default=120, gt=0, description="seconds for one request to the model")

    executor: ExecutorName = "auto"
    use_docker: bool = Field(default=False, description="the same as executor='docker'")
    python: Path | None = Field(default=None, description="the user's own interpreter for the sandbox")
    packages: tuple[Requirement, ...] = Field(default=(), description="requirements to add to the sandbox")
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
    waive: tuple[str, ...] = Field(
        default=(), description="security rules that are let pass, RULE or RULE:PATH; a person has to approve"
    )
    licenses: tuple[str, ...] = Field(default=(), description="licences of imported packages; empty: any")
    database_url: SecretStr | None = Field(
        default=None,
        description="a PostgreSQL server on which migrations are tried too; its role may make databases",
    )
    mutation: float | None = Field(default=None, ge=0, le=100, description="percent; None: report only")

    max_iterations: int = Field(default=10, gt=0)
    max_calls: int | None = Field(default=None, gt=0)
    max_cost: float | None = Field(default=None, gt=0, description="USD")
    max_seconds: float | None = Field(default=None, gt=0, description="for the whole session")
    max_total_tokens: int | None = Field(default=None, gt=0, description="tokens, in and out together")
    role_budgets: dict[str, Bounds] = Field(
        default_factory=dict, description="role → such as '0.50usd+20calls+50000tokens+60s'"
    )
    speaker_selection: Speakers = "workflow"
    approve: Approve = "auto"

    json_output: bool = Field(default=False, description="print one JSON object instead of a screen")
    quiet: bool = Field(default=False, description="print the verdict and the path only")
    verbose: bool = Field(default=False, description="print more, and tracebacks")

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
        except ValueError as error:
            raise ValueError("it must be an http:// or https:// address") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be an http:// or https:// address")
        if parts.username or parts.password:
            raise ValueError("it must not hold a user or a password; the key belongs into OPENAI_API_KEY")
        return value

    @field_validator("database_url")
    @classmethod
    def _a_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("it must be a postgresql:// address")
        return value

    @field_validator("role_models", "role_budgets")
    @classmethod
    def _known_roles(cls, value: dict[str, Any]) -> dict[str, Any]:
        for role, given in value.items():
            if role not in MODEL_ROLES:
                raise ValueError(f"there is no role {role!r}; the roles are {', '.join(MODEL_ROLES)}")
            if not given:
                raise ValueError(f"the role {role!r} is given no model's name")
        return value

    @model_validator(mode="after")
    def _docker_both_ways(self) -> Self:
        if self.use_docker and self.executor not in ("auto", "docker"):
            raise ValueError(f"use_docker=True contradicts executor={self.executor!r}")
        if self.use_docker:
            object.__setattr__(self, "executor", "docker")
        return self

    @classmethod
    def load(cls, **flags: Any) -> Self:
        """The settings from, strongest first: flags, environment, .env, pyproject.toml, user file, defaults.

        A flag that is None counts as not given.

        Raises:
            team.errors.ConfigError: an unknown name, or a value that is not allowed; names its place.
        """
        from team.settings_sources import load_settings

        return load_settings(flags, model=cls).config

    def public(self) -> dict[str, Any]:
        """The settings as JSON values, without secrets and without how results are printed."""
        return self.model_dump(mode="json", exclude={"api_key", "database_url", *PRESENTATION})
