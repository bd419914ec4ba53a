"""AutoGen's seam: code blocks in, one result out. AutoGen asks for the shape of objects, not for classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict

from executors.base import Executor, Limits, Outcome
from executors.blocks import BadBlock, Block, CommandBlock, FileBlock, read_message
from executors.errors import SandboxUnavailable
from executors.laying import lay_down

TIMED_OUT = 124
"""The exit code of what took too long, as AutoGen and `timeout` have it."""
_RUNNERS = {"python": ("python", "-"), "sh": ("sh", "-s")}


class CodeBlock(BaseModel):
    """A block of a message, as AutoGen names its fields. The code of a file begins with its name."""

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
    """Finds the files and commands in a message."""

    def extract_code_blocks(self, message: str | list[dict[str, Any]] | None) -> list[CodeBlock]:
        """The blocks of a message in order; of a multi-part message, those of its text parts."""
        if isinstance(message, list):
            message = "\n".join(str(part.get("text") or "") for part in message if isinstance(part, dict))
        return [code for block in read_message(message) if (code := _as_code(block)) is not None]


def run_blocks(executor: Executor, blocks: Sequence[Any], limits: Limits | None = None) -> BlockResult:
    """Lay down or run blocks (objects with `code` and `language`), up to the first that fails.

    Never raises: what keeps a block from running is told in the result.
    """
    outputs: list[str] = []
    for block in _read(blocks):
        code, output = _do(executor, block, limits)
        outputs.append(output if output.endswith("\n") or not output else f"{output}\n")
        if code:
            return BlockResult(exit_code=code, output="".join(outputs))
    return BlockResult(exit_code=0, output="".join(outputs))


def _as_code(block: Block) -> CodeBlock | None:
    if isinstance(block, CommandBlock):
        return CodeBlock(code=block.code, language=block.language)
    if isinstance(block, FileBlock):
        language = PurePosixPath(block.path).suffix.lstrip(".") or "text"
        return CodeBlock(code=f"# filename: {block.path}\n{block.content}", language=language)
    return None


def _read(blocks: Iterable[Any]) -> Iterable[Block]:
    """Read each block as if it stood in a message, so that it means the same here as there."""
    for block in blocks:
        code = str(getattr(block, "code", None) or "")
        language = str(getattr(block, "language", None) or "").strip()
        fence = "`" * (3 + max(map(len, code.split("\n")), default=0)) if "```" in code else "```"
        yield from read_message(f"{fence}{language}\n{code}\n{fence}\n")


def _told(outcome: Outcome, limits: Limits) -> tuple[int, str]:
    """The exit code and the output of a run, with the limit that ended it in the last line."""
    if outcome.limit is None:
        return outcome.exit_code, outcome.output
    output = outcome.output if outcome.output.endswith("\n") or not outcome.output else f"{outcome.output}\n"
    if outcome.limit == "wall":
        return TIMED_OUT, f"{output}Timeout: ended after {limits.wall_seconds:g} s\n"
    return outcome.exit_code or 1, f"{output}Ended by its limit: {outcome.limit}\n"


def _do(executor: Executor, block: Block, limits: Limits | None) -> tuple[int, str]:
    """The exit code and the output of one block."""
    if isinstance(block, BadBlock):
        return 1, block.problem
    try:
        if isinstance(block, CommandBlock):
            stdin = block.code.encode("utf-8", "replace")
            outcome = executor.run(_RUNNERS[block.language], stdin=stdin, limits=limits)
            return _told(outcome, limits or executor.limits)
        laid = lay_down(executor.work_dir, [block])
    except (SandboxUnavailable, OSError) as error:
        return 1, str(error)
    if laid.refused:
        return 1, laid.refused[0].message
    return 0, "".join(f"wrote {path}\n" for path in laid.changed)
