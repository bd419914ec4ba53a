"""What can go wrong before code runs. What goes wrong while it runs is an `Outcome`, not an exception."""

from __future__ import annotations


class SandboxUnavailable(RuntimeError):
    """Nothing on this machine can confine code as asked; `mend` says in one line what would."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(f"{problem} — {mend}")
        self.problem = problem
        self.mend = mend


class EnvironmentUnavailable(SandboxUnavailable):
    """The sandbox's interpreter environment could not be made or does not have what is needed."""
