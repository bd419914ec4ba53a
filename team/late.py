"""An AutoGen CodeExecutor that opens its sandbox at first use: agents exist before a workspace does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from executors import Executor
from executors.seam import BlockExtractor


class LateExecutor:
    """Hands everything to the executor that `open_sandbox` gives, asked for once."""

    def __init__(self, open_sandbox: Callable[[], Executor]) -> None:
        self._open = open_sandbox
        self._sandbox: Executor | None = None

    @property
    def sandbox(self) -> Executor:
        """The executor itself.

        Raises:
            executors.SandboxUnavailable: nothing on this machine confines code as asked.
        """
        if self._sandbox is None:
            self._sandbox = self._open()
        return self._sandbox

    @property
    def code_extractor(self) -> Any:
        """Reads blocks from messages; needs no sandbox."""
        return BlockExtractor()

    def execute_code_blocks(self, code_blocks: list[Any]) -> Any:
        """Lay down or run the blocks."""
        return self.sandbox.execute_code_blocks(code_blocks)

    def restart(self) -> None:
        """Forget all state between runs; nothing to forget before the first."""
        if self._sandbox is not None:
            self._sandbox.restart()
