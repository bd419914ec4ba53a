"""Runs the workspace's tests against variants of its sources, each in a fork of a process that has pytest.

Runs as ``python -s -c`` in a copy of the workspace, in the sandbox, with its interpreter. What it
tells is no verdict on the code: that is `run_pytest`'s.
Input (stdin), as JSON::

    {"nonce": "…", "options": [of pytest], "unwanted": [plugins], "imports": [statements], "seconds": N,
     "variants": [{"name", "files": {path: text}, "tests": [ids or files], "reverse", "mapped",
                   "first_failure", "seconds"}]}

Output, one line ``NONCE {json}`` per step. Kinds: ready, import (lines that run before any test), test (id,
passed, lines), over (variant, how: ended, limit or crashed). Variants for which no time is left are not run.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .marks import Marked
from .recorder import NO_AUTOLOAD, Recorder
from .reporting import Report
from .run_pytest import options

POLL = 0.002


class Unmeasured:
    """Stands in where nobody asks for lines."""

    def start(self) -> None:
        """Nothing to do."""

    def taken(self) -> None:
        """No lines are known."""


class ByTest(Marked):
    """The lines that ran since they were asked for the last time."""

    def taken(self) -> dict[str, list[int]]:
        """These lines by workspace path; from here on they are counted anew."""
        lines = {path: sorted(seen) for path, seen in self._seen.items() if seen}
        for seen in self._seen.values():
            seen.clear()
        return lines


class Notes:
    """Takes what the recorder says of one variant and tells the judge each test's end, with its lines."""

    def __init__(self, variant: str, report: Report, measured: ByTest | Unmeasured) -> None:
        self._variant = variant
        self._report = report
        self._measured = measured
        self._passed = True
        self._called = False
        self._begun = False

    def say(self, kind: str, **fields: Any) -> None:
        """Note one step of the run."""
        if kind == "start":
            lines = self._measured.taken()
            if not self._begun and lines is not None:
                self._report.say("import", variant=self._variant, lines=lines)
            self._begun, self._passed, self._called = True, True, False
        elif kind == "phase":
            self._passed &= fields["truth"] == "passed"
            self._called |= fields["when"] == "call"
        elif kind == "finish":
            passed = self._passed and self._called
            lines = self._measured.taken()
            self._report.say("test", variant=self._variant, id=fields["id"], passed=passed, lines=lines)


class Backwards:
    """A pytest plugin that turns the order of the tests round."""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """The last one first."""
        items.reverse()


def main() -> None:
    """Run the variants one after the other."""
    channel = os.dup(1)
    os.dup2(2, 1)
    job = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    report = Report(channel, job["nonce"])
    for name in [name for name in os.environ if name.startswith(("PYTEST", "COVERAGE", "COV_CORE"))]:
        del os.environ[name]
    sys.dont_write_bytecode = True
    for statement in job["imports"]:
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            exec(statement, {})
    report.say("ready")
    tree = Tree()
    gc.freeze()
    end = time.monotonic() + job["seconds"]
    for variant in job["variants"]:
        left = end - time.monotonic()
        if left <= 0:
            break
        told = tried(job, variant, report, tree, min(left, variant["seconds"]))
        report.say("over", variant=variant["name"], how=told)


def tried(job: dict[str, Any], variant: dict[str, Any], report: Report, tree: Tree, seconds: float) -> str:
    """Run one variant in a fork, and make the tree what it was."""
    try:
        for path, text in variant["files"].items():
            Path(path).write_text(text, encoding="utf-8")
        child = os.fork()
        if child == 0:
            os.setsid()
            in_child(job, variant, report)
        return awaited(child, seconds)
    finally:
        tree.restore()


def in_child(job: dict[str, Any], variant: dict[str, Any], report: Report) -> None:
    """Run pytest and leave."""
    leave = os._exit
    try:
        root = str(Path.cwd())
        measured = ByTest(root) if variant["mapped"] else Unmeasured()
        notes: Any = Notes(variant["name"], report, measured)
        plugins: list[Any] = [Recorder(root, notes, measured), *([Backwards()] if variant["reverse"] else [])]
        chosen = [
            *job["options"],
            *options(root, job["unwanted"]),
            "--tb=no",  # nobody reads why a variant fails, and to write it takes longer than to run it
            *(["-x"] if variant["first_failure"] else []),
        ]
        os.environ[NO_AUTOLOAD] = "1"
        pytest.main([*chosen, *variant["tests"]], plugins=plugins)
        leave(0)
    except BaseException:  # noqa: BLE001 - whatever it was, this process ends here
        leave(1)


class Tree:
    """The workspace as it was at the start: what one variant leaves behind must not meet the next."""

    def __init__(self) -> None:
        self._content = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        self._marks = {path: mark(path) for path in self._content}

    def restore(self) -> None:
        """Remove what is new and put back what is changed or gone."""
        for path in [path for path in Path().rglob("*") if path.is_symlink() or path.is_file()]:
            if path not in self._content or path.is_symlink():
                path.unlink()
        for path, content in self._content.items():
            if not path.is_file() or mark(path) != self._marks[path]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                self._marks[path] = mark(path)


def mark(path: Path) -> tuple[int, int]:
    """What changes when a file is written."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def awaited(child: int, seconds: float) -> str:
    """How the child ended; when its time is over it is killed, with all that it started."""
    end = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            with contextlib.suppress(OSError):
                os.killpg(child, signal.SIGKILL)
            return "ended" if os.waitstatus_to_exitcode(status) == 0 else "crashed"
        if time.monotonic() > end:
            with contextlib.suppress(OSError):
                os.killpg(child, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "limit"
        time.sleep(POLL)


if __name__ == "__main__":
    main()
