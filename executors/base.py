"""The executor contract: where code runs, within which limits, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from executors.interpreter import Interpreter

LimitName = Literal["wall", "cpu", "memory", "processes", "file", "disk", "files", "output"]


class Limits(BaseModel):
    """What one run may use. Every number is for the whole process tree unless it says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_seconds: float = Field(default=120, gt=0)
    cpu_seconds: float | None = Field(default=None, gt=0, description="None: as long as the wall time lasts")
    memory_mb: int = Field(default=2048, gt=0)
    processes: int = Field(default=256, gt=0)
    file_mb: int = Field(default=256, gt=0, description="the size of any one file")
    disk_mb: int = Field(default=1024, gt=0, description="what the workspace may grow by")
    files: int = Field(default=20_000, gt=0, description="files and folders in the workspace")
    output_bytes: int = Field(default=256_000, gt=0, description="output kept: the head and the tail")
    network: bool = False


class Outcome(BaseModel):
    """What came of one run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exit_code: int = Field(description="the program's own, or 128 + the signal that ended it")
    output: str = Field(description="stdout and stderr as a person saw them, bounded and harmless")
    seconds: float
    limit: LimitName | None = Field(default=None, description="the limit that ended the run")
    files_changed: tuple[str, ...] = Field(default=(), description="workspace paths, POSIX, sorted")
    denials: tuple[str, ...] = Field(default=(), description="what was refused, where it can be told")

    @property
    def ok(self) -> bool:
        """Whether the program ended by itself with exit code 0."""
        return self.exit_code == 0 and self.limit is None


class Reported(BaseModel):
    """An outcome together with the bytes that the program wrote to its own, separate report channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Outcome
    report: bytes


@runtime_checkable
class Executor(Protocol):
    """Runs programs in a workspace. Also satisfies AutoGen's `CodeExecutor` protocol.

    The working directory of every run is the workspace, and the program name ``python`` is the chosen
    interpreter. A run never raises for what the program did; `SandboxUnavailable` is raised for what
    the machine lacks.
    """

    name: str
    tier: str
    """How code is confined, in one line for people."""
    work_dir: Path
    limits: Limits
    workspace: str
    """The path under which code sees the workspace."""
    cache: str | None
    """The path under which code sees the cache folder, where one was given."""
    interpreter: Interpreter
    """What the program name ``python`` stands for."""

    def over(self, work_dir: Path) -> Executor:
        """The same sandbox over another folder: same confinement, interpreter and limits."""
        ...

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", limits: Limits | None = None) -> Outcome:
        """Run one program to its end and kill whatever it left behind."""
        ...

    def run_reporting(
        self, argv: Sequence[str], *, stdin: bytes = b"", limits: Limits | None = None
    ) -> Reported:
        """As `run`, but the program's stdout is kept apart, whole up to 16 MiB, as its report."""
        ...

    @property
    def code_extractor(self) -> Any:
        """AutoGen's seam: an object with ``extract_code_blocks(message)``."""
        ...

    def execute_code_blocks(self, code_blocks: list[Any]) -> Any:
        """AutoGen's seam: lay down or run the blocks in order; never raises."""
        ...

    def restart(self) -> None:
        """Forget all state between runs, keep the files."""
        ...

    def close(self) -> None:
        """Let go of whatever the executor holds; safe to call twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
