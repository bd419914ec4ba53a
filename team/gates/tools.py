"""Runs our own static tools, confined, over a read-only copy of the tree."""

from __future__ import annotations

import json
import posixpath
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executors import Limits, Reported, SandboxUnavailable, open_tools
from executors.scratch import ScratchFolder
from team.gates.base import Finding, Target, ToolFailed
from team.gates.runner import program
from team.gates.warmth import for_tools

TOOL_LIMITS = Limits(wall_seconds=300, memory_mb=2048, processes=64)


CACHE = "{cache}"
"""Stands in a tool's argument for the path under which it sees its cache folder."""
_COPY = "/tmp/cache"


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
        cache: a folder of which the tool is given a copy that it may write.
        readable: further folders the tool may read, at their own paths.
        endings: the exit codes of a run that did its work.

    Raises:
        ToolStopped: a limit ended the tool.
        ToolFailed: it ended in another way, or could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    tool = arguments[0]
    ran = _run_warm(target, tree, arguments, stdin, cache)
    done, workspace = ran or _run_cold(target, tree, arguments, stdin, cache, readable)
    if done.outcome.limit:
        raise ToolStopped(tool, done.outcome.limit)
    if done.outcome.exit_code not in endings:
        raise ToolFailed(how_it_ended(tool, done))
    return ToolReport(done.report.decode("utf-8", "replace"), workspace, done)


def run_program(target: Target, tree: Path, name: str, stdin: bytes) -> Reported:
    """Run one of our programs over a tree with our own interpreter, however it ends."""
    argv = ["python", "-I", "-c", program(name)]
    forked = _run_forked(target, tree, argv, stdin)
    if forked is not None:
        return forked[0]
    with open_tools(tree, name=target.executor_name, limits=TOOL_LIMITS) as executor:
        return executor.run_reporting(argv, stdin=stdin)


def _run_cold(
    target: Target,
    tree: Path,
    arguments: Sequence[str],
    stdin: bytes,
    cache: Path | None,
    readable: Sequence[Path],
) -> tuple[Reported, str]:
    with ExitStack() as held:
        copy = None
        if cache is not None:
            copy = held.enter_context(ScratchFolder("cache"))
            shutil.copytree(cache, copy, dirs_exist_ok=True)
        executor = held.enter_context(
            open_tools(tree, name=target.executor_name, cache=copy, limits=TOOL_LIMITS, readable=readable)
        )
        told = [argument.replace(CACHE, executor.cache or "") for argument in arguments]
        return executor.run_reporting(["python", "-I", "-m", *told], stdin=stdin), executor.workspace


def _run_warm(
    target: Target, tree: Path, arguments: Sequence[str], stdin: bytes, cache: Path | None
) -> tuple[Reported, str] | None:
    argv = ["python", "-I", "-m", *arguments]
    if cache is not None:
        told = [argument.replace(CACHE, _COPY) for argument in arguments]
        argv = ["python", "-I", "-c", program("with_cache"), str(cache), _COPY, *told]
    return _run_forked(target, tree, argv, stdin)


def _run_forked(target: Target, tree: Path, argv: list[str], stdin: bytes) -> tuple[Reported, str] | None:
    """Run in a fork of a process that has our tools imported; None when that cannot be done."""
    warm = for_tools(target)
    if warm is None:
        return None
    try:
        with warm.new_folder() as folder:
            shutil.copytree(tree, folder, dirs_exist_ok=True)
            with warm.over(folder) as executor:
                return executor.run_reporting(argv, stdin=stdin, limits=TOOL_LIMITS), executor.workspace
    except (SandboxUnavailable, OSError):
        return None


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
