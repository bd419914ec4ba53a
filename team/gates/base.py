"""The one protocol of all gates, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import ConfigDict, Field

from team.gates.integrity.past import Mandate, TreeState
from team.reading import MappingAccess

if TYPE_CHECKING:
    from executors import Executor
    from team.specs import Spec

GateStatus = Literal["pass", "fail", "skip", "error"]
Severity = Literal["critical", "major", "minor"]


class Finding(MappingAccess):
    """One thing that is wrong, at a place, for its author to mend."""

    model_config = ConfigDict(frozen=True)

    file: str | None = Field(default=None, description="workspace path, POSIX")
    line: int | None = None
    rule: str = Field(description="the tool's own name of the rule, such as F401 or arg-type")
    severity: Severity = Field(default="major", description="a minor finding never turns a gate red")
    message: str
    waived: bool = Field(default=False, description="a person lets it pass, and has to approve the result")
    asks: bool = Field(default=False, description="nothing to mend, but a person has to approve the result")
    tests: tuple[str, ...] = Field(
        default=(), description="the tests that it is about, as path::name; a path alone is a whole file"
    )

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file or ""
        return f"{place + ': ' if place else ''}{self.message} [{self.rule}]"


class GateResult(MappingAccess):
    """What one gate says of one tree."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: GateStatus
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    why: str = Field(default="", description="the reason of a skip or an error, else a short summary")
    evidence: str = Field(default="", description="what a pass is evidence of: contract, examples or tests")
    cases: dict[str, str] = Field(
        default_factory=dict, description="case → pass or why not, where each has its own"
    )

    @property
    def red(self) -> bool:
        """Whether this result stands against acceptance."""
        return self.status in ("fail", "error")

    def counted(self) -> dict[str, Any]:
        """The gate's word without the findings themselves: status, how many findings, seconds."""
        return {"status": self.status, "findings": len(self.findings), "seconds": self.seconds}


@dataclass(frozen=True)
class GateSettings:
    """The thresholds that a person may choose."""

    coverage_floor: float = 80.0
    timeout: float = 120.0
    mutation: float | None = None
    """The percent of mutants that tests must notice; None reports only."""
    packages: tuple[str, ...] = ()
    """Requirements that may be imported beside what is installed."""
    waive: tuple[str, ...] = ()
    """Rules of the security gate that a person lets pass, as ``RULE`` or ``RULE:PATH``."""
    licenses: tuple[str, ...] = ()
    """Licences that imported packages may have; empty: any."""
    database_url: str | None = None
    """A PostgreSQL server on which migrations are tried too, in a database of their own."""


@dataclass(frozen=True)
class Target:
    """The tree that is judged. Paths are POSIX and relative to `root`, sorted.

    `executor_name` says what confines our own tools, as in `executors.open_executor`. `spec` is what was to
    be built; None where only code is known, as for `devteam check`. `past` are the trees after the earlier
    turns of a session, oldest first, and `mandate` is what the authors of this tree were asked to change.
    `open_rules` is what nobody works at in this session: a gate tells of it, and is not red for it.
    """

    root: Path
    sandbox: Executor
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    settings: GateSettings = field(default_factory=GateSettings)
    executor_name: str = "auto"
    spec: Spec | None = None
    open_rules: tuple[str, ...] = ()
    past: tuple[TreeState, ...] = ()
    mandate: Mandate = field(default_factory=Mandate)


class ToolFailed(Exception):
    """A tool of a gate crashed or could not start: the gate's status is `error`, never a pass or a skip."""


class Gate(Protocol):
    """One check. It trusts nothing in the workspace and asks no model.

    It is made for one judgement, from the `team.gates.evidence.Evidence` that the gates share.
    """

    name: str

    def skips(self, target: Target) -> str | None:
        """Why this gate does not apply to the target, or None when it does."""
        ...

    def run(self, target: Target) -> GateResult:
        """Judge the target.

        Raises:
            ToolFailed: what the gate needs crashed or could not start.
            executors.SandboxUnavailable: the machine lacks what confines the run.
        """
        ...
