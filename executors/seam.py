"""AutoGen's seam: code blocks in, one result out. AutoGen asks for the shape of objects, not for its classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from executors.base import Executor, Limits
from executors.blocks import CommandBlock, read_message
from executors.errors import SandboxUnavailable

_RUNNERS = {"python": ("python", "-"), "sh": ("sh", "-s")}


class CodeBlock(BaseModel):
    """A block of a message, as AutoGen names its fields."""

    model_config = ConfigDict(frozen=True)

    code: str
    language: str


class BlockResult(BaseModel):
    """What came of the blocks, as AutoGen names its fields; `code_file` is always None."""

    model_config = ConfigDict(frozen=True)

    exit_code: int
    output: str
    code_file: str | None = None


class BlockExtractor:
    """Finds the blocks of a message that can be run."""

    def extract_code_blocks(self, message: str | list[dict[str, Any]] | None) -> list[CodeBlock]:
        """The commands of a message in order; of a multi-part message, those of its text parts."""
        if isinstance(message, list):
            message = "\n".join(str(part.get("text") or "") for part in message if isinstance(part, dict))
        return [
            CodeBlock(code=block.code, language=block.language)
            for block in read_message(message)
            if isinstance(block, CommandBlock)
        ]


def run_blocks(executor: Executor, blocks: Sequence[Any], limits: Limits | None = None) -> BlockResult:
    """Run blocks (objects with `code` and `language`) up to the first that fails."""
    outputs: list[str] = []
    code = 0
    for block in blocks:
        language = str(getattr(block, "language", "")).lower()
        runner = _RUNNERS.get({"py": "python", "bash": "sh", "shell": "sh"}.get(language, language))
        if runner is None:
            continue
        try:
            outcome = executor.run(
                runner, stdin=str(getattr(block, "code", "")).encode("utf-8", "replace"), limits=limits
            )
        except SandboxUnavailable as error:
            return BlockResult(exit_code=1, output="\n".join([*outputs, str(error)]))
        outputs.append(outcome.output)
        code = outcome.exit_code
        if not outcome.ok:
            break
    return BlockResult(exit_code=code, output="".join(outputs))
