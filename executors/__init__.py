"""Where code runs: `open_executor`, its `Limits` and its `Outcome`."""

from executors.base import Executor, Limits, Outcome, Reported
from executors.errors import EnvironmentUnavailable, SandboxUnavailable
from executors.opening import open_executor, open_tools

__all__ = [
    "EnvironmentUnavailable",
    "Executor",
    "Limits",
    "Outcome",
    "Reported",
    "SandboxUnavailable",
    "open_executor",
    "open_tools",
]
