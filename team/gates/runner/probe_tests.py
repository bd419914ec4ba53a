"""Runs the workspace's tests against variants of its sources, each in a fork of a process that has pytest.

Runs as ``python -s -c`` in a copy of the workspace, in the sandbox, with its interpreter. What it
tells is no verdict on the code: that is `run_pytest`'s.
Input (stdin), as JSON::

    {"nonce": "…", "options": [of pytest], "unwanted": [plugins], "imports": [statements], "seconds": N,
     "variants": [{"name", "files": {path: text}, "tests": [ids or files], "reverse", "mapped",
                   "first_failure", "live", "seconds"}]}

Output, one line ``NONCE {json}`` per step. Kinds: ready, begin, import (lines that run before any test), test
(id, passed, lines), over (variant, how: ended, limit or crashed). Variants for which no time is left are not
run. Those that are `live` differ only in lines that do not run at import: they share one import, where that
can be (see `live`).
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from .forks import Tree, in_fork
from .live import CONTROL_SECONDS, Live
from .marks import Marked
from .recorder import NO_AUTOLOAD, Recorder
from .reporting import Report
from .run_pytest import options


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

    def __init__(self, variant: str, report: Report, measured: ByTest | None = None) -> None:
        self.failed: list[str] = []
        self._report = report
        self._measured = measured
        self.begin(variant)

    def begin(self, variant: str) -> None:
        """Take what is said from here on for this variant, whatever was said of it before."""
        self._variant = variant
        self._passed = True
        self._called = False
        self._begun = False
        self._report.say("begin", variant=variant)

    def say(self, kind: str, **fields: Any) -> None:
        """Note one step of the run."""
        if kind == "start":
            lines = self._measured.taken() if self._measured else None
            if not self._begun and lines is not None:
                self._report.say("import", variant=self._variant, lines=lines)
            self._begun, self._passed, self._called = True, True, False
        elif kind == "phase":
            self._passed &= fields["truth"] == "passed"
            self._called |= fields["when"] == "call"
        elif kind == "finish":
            passed = self._passed and self._called
            if not passed:
                self.failed.append(fields["id"])
            lines = self._measured.taken() if self._measured else None
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
    tried = tried_live(job, report, tree, end)
    for variant in job["variants"]:
        left = end - time.monotonic()
        if left <= 0:
            break
        if variant["name"] not in tried:
            how = tried_alone(job, variant, report, tree, min(left, variant["seconds"]))
            report.say("over", variant=variant["name"], how=how)


def tried_live(job: dict[str, Any], report: Report, tree: Tree, end: float) -> set[str]:
    """The names of the variants that forks of one process, which has collected the tests, could try."""
    variants = [variant for variant in job["variants"] if variant["live"]]
    if not variants:
        return set()
    files = sorted({test.partition("::")[0] for variant in variants for test in variant["tests"]})
    with tempfile.TemporaryFile() as names:

        def run() -> None:
            notes: Any = Notes("", report)
            live = Live(variants, report, tree, notes, end)
            run_pytest(job, files, [Recorder(str(Path.cwd()), notes), live])
            os.write(names.fileno(), "\n".join(live.tried).encode())

        in_fork(run, end - time.monotonic() + 2 * CONTROL_SECONDS)
        tree.restore()
        names.seek(0)
        return set(names.read().decode().split())


def tried_alone(
    job: dict[str, Any], variant: dict[str, Any], report: Report, tree: Tree, seconds: float
) -> str:
    """Run one variant from the start, in a fork, and make the tree what it was."""

    def run() -> None:
        root = str(Path.cwd())
        measured = ByTest(root) if variant["mapped"] else None
        notes: Any = Notes(variant["name"], report, measured)
        recorder = Recorder(root, notes, measured)
        more = ["-x"] if variant["first_failure"] else []
        plugins = [recorder, Backwards()] if variant["reverse"] else [recorder]
        run_pytest(job, [*more, *variant["tests"]], plugins)

    try:
        for path, text in variant["files"].items():
            Path(path).write_text(text, encoding="utf-8")
        return in_fork(run, seconds)
    finally:
        tree.restore()


def run_pytest(job: dict[str, Any], arguments: list[str], plugins: list[Any]) -> None:
    """Run pytest with the judge's options."""
    chosen = [*job["options"], *options(str(Path.cwd()), job["unwanted"])]
    quiet = "--tb=no"  # nobody reads why a variant fails, and to write it takes longer than to run it
    os.environ[NO_AUTOLOAD] = "1"
    leave_examples_large()
    pytest.main([*chosen, quiet, *arguments], plugins=plugins)


def leave_examples_large() -> None:
    """Let hypothesis, where the tests need it, stop at a failing example without making it small."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is not None:
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("devteam_probe", phases=phases)
        hypothesis.settings.load_profile("devteam_probe")


if __name__ == "__main__":
    main()
