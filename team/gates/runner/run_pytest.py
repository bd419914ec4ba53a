"""Runs the workspace's tests and reports what really happened, over a channel of its own.

Runs as ``python -s -c`` in the workspace, inside the sandbox, with the sandbox's interpreter.
Input (stdin, read to its end before anything of the workspace is imported), as JSON::

    {"key": hex, "options": [of pytest], "unwanted": [plugins], "files": [test files], "seconds": N,
     "marks": whether to note which lines run}

Output (the report: the stdout this program was started with), one signed line per step, see `sealing`.
Kinds: ready, collecting, collect-error, collect-skip, deselected, start, phase, asserted, reached, finish,
escaped, exit, tampered, coverage (with marks), end. What pytest prints goes to stderr and decides nothing.
A run without ``end`` is no run.
"""

from __future__ import annotations

import faulthandler
import importlib.metadata
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType
from typing import NoReturn

import pytest

from .endings import mark_endings
from .marks import Marked
from .recorder import NO_AUTOLOAD, Recorder
from .reporting import Place
from .sealing import SealedReport, seal


def main() -> None:
    """Run the tests, report, and leave without running what the workspace left behind."""
    channel = os.dup(1)
    os.dup2(2, 1)
    job = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for name in [name for name in os.environ if name.startswith(("PYTEST", "COVERAGE", "COV_CORE"))]:
        del os.environ[name]
    sys.dont_write_bytecode = True
    root = str(Path.cwd())
    report = SealedReport()
    seal(channel, bytes.fromhex(job.pop("key")), root, tellers())
    mark_endings(root)
    report.say("ready")
    leave = watch_exit(report, Place(root))
    faulthandler.dump_traceback_later(job["seconds"], file=channel)  # a hint for people, not a step
    marked = Marked(root) if job["marks"] else None
    recorder = Recorder(root, report, marked)
    code = run(job["options"] + options(root, job["unwanted"]) + job["files"], recorder)
    faulthandler.cancel_dump_traceback_later()
    if marked is not None:
        report.say("coverage", lines=marked.lines())
    report.say("end", exit=code)
    sys.stderr.flush()
    leave(0)


def tellers() -> list[CodeType]:
    """The functions that say how a run goes."""
    recorders = [part.__code__ for part in vars(Recorder).values() if isinstance(part, FunctionType)]
    return [main.__code__, watch_exit.__code__, *recorders]


def run(arguments: list[str], recorder: Recorder) -> int | None:
    """pytest's exit code, or None when an exception got out of it."""
    os.environ[NO_AUTOLOAD] = "1"
    try:
        return int(pytest.main(arguments, plugins=[recorder]))
    except BaseException as error:  # noqa: BLE001 - whatever the workspace threw ends the run
        recorder.escaped(error)
        return None


def options(root: str, unwanted: list[str]) -> list[str]:
    """The options that depend on this place; nothing is read from the workspace's configuration.

    Plugins are named one by one: pytest would else rewrite the asserts of everything in their packages,
    which takes seconds for hypothesis and anyio.
    """
    chosen = ["--rootdir", root, "--confcutdir", root]
    installed = sorted({entry.name for entry in importlib.metadata.entry_points(group="pytest11")})
    for name in installed:
        chosen += ["-p", name] if name not in unwanted else []
    if "asyncio" in installed:
        chosen += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    return chosen


def watch_exit(report: SealedReport, place: Place) -> Callable[[int], NoReturn]:
    """Say who called `os._exit` in this process before it ends the run; return the real one."""
    really_exit, judge = os._exit, os.getpid()

    def leave(status: int) -> None:
        if os.getpid() == judge:
            lines = place.lines(traceback.walk_stack(sys._getframe(1)))
            report.say("exit", at=lines[0] if lines else None)
        really_exit(status)

    os._exit = leave  # type: ignore[assignment]
    return really_exit


if __name__ == "__main__":
    main()
