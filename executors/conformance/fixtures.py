"""What all classes of the conformance suite start from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from executors.base import Executor, Limits, Outcome


class MakeExecutor(Protocol):
    """Opens the executor under test; every call over the same workspace, which starts empty."""

    def __call__(self, limits: Limits | None = None) -> Executor:
        """Open it with these limits."""
        ...


class Conformance:
    """Gives tests an open executor. A subclass provides the fixture `make_executor`."""

    @pytest.fixture
    def make_executor(self) -> MakeExecutor:
        """Overridden by every subclass that is run."""
        raise NotImplementedError("say how the executor is made")

    @pytest.fixture
    def executor(self, make_executor: MakeExecutor) -> Iterator[Executor]:
        """An executor with limits that no well-behaved test meets."""
        with make_executor(Limits(wall_seconds=20)) as opened:
            yield opened


def python(executor: Executor, code: str, limits: Limits | None = None) -> Outcome:
    """Run Python source in the executor."""
    return executor.run(["python", "-c", code], limits=limits)
