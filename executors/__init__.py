"""Where code runs: `open_executor`, its `Limits` and its `Outcome`.

What opens executors is imported at first use: many only want to read what a run left behind.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from executors.errors import EnvironmentUnavailable, SandboxUnavailable

if TYPE_CHECKING:
    from executors.base import Executor, Limits, Outcome, Reported
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

_HOMES = {
    "Executor": "executors.base",
    "Limits": "executors.base",
    "Outcome": "executors.base",
    "Reported": "executors.base",
    "open_executor": "executors.opening",
    "open_tools": "executors.opening",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
