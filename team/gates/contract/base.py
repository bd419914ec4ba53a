"""What every check of the contract gate is."""

from __future__ import annotations

from typing import Protocol

from team.gates.base import GateResult, Target
from team.gates.evidence import Evidence


class ContractCheck(Protocol):
    """One way to hold what was built against its spec. The code under test never runs in our process.

    A check is made for one judgement, by the constructor below, and its result carries in `evidence`
    what a pass of it is evidence of.
    """

    def __init__(self, evidence: Evidence) -> None: ...

    def skips(self, target: Target) -> str | None:
        """Why there is nothing to check, or None."""
        ...

    def run(self, target: Target) -> GateResult:
        """Hold the tree against the spec.

        Raises:
            ToolFailed: what the check needs crashed or could not start.
            executors.SandboxUnavailable: the machine lacks what confines the run.
        """
        ...
