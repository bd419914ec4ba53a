"""Runs our own static tools, confined, over a read-only copy of the tree."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executors import Limits, Reported, open_tools
from team.gates.base import Finding, Target, ToolFailed
from team.gates.runner import program

TOOL_LIMITS = Limits(wall_seconds=300, memory_mb=2048, processes=64)


CACHE = "{cache}"
"""Stands in a tool's argument for the path under which it sees its cache folder."""


@dataclass(frozen=True)
class ToolReport:
    """What a tool wrote to stdout, and the path under which it saw the tree."""

    text: str
    workspace: str
    done: Reported

    def path(self, name: str) -> str:
        """A file name that the tool reported, as a workspace path."""
        return posixpath.normpath(name.removeprefix(self.workspace + "/"))


class ToolStopped(Exception):
    """A limit ended a tool: the tree is more than it can take, which its authors can mend."""

    def __init__(self, tool: str, limit: str) -> None:
        super().__init__(f"{tool} was ended by the {limit} limit")
        self.finding = Finding(
            rule="limit",
            severity="critical",
            message=f"{tool} was ended by the {limit} limit: the code is too large or too involved for it",
        )


def run_tool(
    target: Target,
    tree: Path,
    arguments: Sequence[str],
    *,
    stdin: bytes = b"",
    cache: Path | None = None,
    readable: Sequence[Path] = (),
    endings: Sequence[int] = (0,),
) -> ToolReport:
    """Run ``python -I -m …`` of our own environment over a tree.

    Args:
        target: says what confines the run.
        tree: the folder to look at; the tool cannot write there.
        arguments: the tool's name and its arguments; `CACHE` in one stands for the cache folder.
        stdin: what the tool reads.
        cache: a folder the tool may write.
        readable: further folders the tool may read, at their own paths.
        endings: the exit codes of a run that did its work.

    Raises:
        ToolStopped: a limit ended the tool.
        ToolFailed: it ended in another way, or could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    tool = arguments[0]
    with open_tools(
        tree, name=target.executor_name, cache=cache, limits=TOOL_LIMITS, readable=readable
    ) as executor:
        told = [argument.replace(CACHE, executor.cache or "") for argument in arguments]
        done = executor.run_reporting(["python", "-I", "-m", *told], stdin=stdin)
        workspace = executor.workspace
    if done.outcome.limit:
        raise ToolStopped(tool, done.outcome.limit)
    if done.outcome.exit_code not in endings:
        raise ToolFailed(how_it_ended(tool, done))
    return ToolReport(done.report.decode("utf-8", "replace"), workspace, done)


def run_program(target: Target, tree: Path, name: str, stdin: bytes) -> Reported:
    """Run one of our programs over a tree with our own interpreter, however it ends."""
    with open_tools(tree, name=target.executor_name, limits=TOOL_LIMITS) as executor:
        return executor.run_reporting(["python", "-I", "-c", program(name)], stdin=stdin)


def how_it_ended(tool: str, done: Reported) -> str:
    """The exit code and the last thing a program said, in one line."""
    lines = [line for line in done.outcome.output.splitlines() if line.strip()]
    said = lines[-1][:300] if lines else "it said nothing"
    return f"{tool} ended with exit code {done.outcome.exit_code}: {said}"


def read_json(tool: str, text: str) -> Any:
    """What a tool reported as JSON.

    Raises:
        ToolFailed: it reported something else.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise ToolFailed(f"{tool} did not report JSON: {text[:200]!r}") from error
