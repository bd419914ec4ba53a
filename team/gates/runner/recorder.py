"""A pytest plugin that sees what happened, whatever the workspace makes of pytest's own reports."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from .reporting import Place, described, trimmed

NO_AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"


class Measure(Protocol):
    """What notes which lines run."""

    def start(self) -> None:
        """Measure from here on."""


class Telling(Protocol):
    """What takes the steps of a run."""

    def say(self, kind: str, **fields: Any) -> None:
        """Tell one step."""


class Recorder:
    """A pytest plugin that says what happened, from the exceptions themselves and not from reports."""

    def __init__(self, root: str, report: Telling, measured: Measure | None = None) -> None:
        self._root = root
        self._measured = measured
        self._say = report.say
        self._place = Place(root)
        self._skipped = pytest.skip.Exception
        self._truth: dict[tuple[str, str], dict[str, Any]] = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Iterator[None]:
        """Make the workspace importable, now that the installed plugins are loaded; measure from here."""
        del os.environ[NO_AUTOLOAD]
        if self._measured is not None:
            self._measured.start()
        folders = [str(folder) for folder in (Path(self._root), Path(self._root, "src")) if folder.is_dir()]
        sys.path[:0] = folders
        os.environ["PYTHONPATH"] = os.pathsep.join(folders)
        outcome: Any = yield
        if outcome.excinfo:
            error = outcome.excinfo[1]
            cause = getattr(error, "cause", None) or error.__cause__ or error
            text = "".join(traceback.format_exception(cause))
            self._collect_error(self._place.relative(str(getattr(error, "path", ""))) or "", cause, text)

    def escaped(self, error: BaseException) -> None:
        """Something that pytest did not catch."""
        places = self._place.of(error)
        self._say("escaped", error=described(error), at=places[-1] if places else None)

    def pytest_internalerror(self, excinfo: Any) -> None:
        """Something that pytest only caught at the very end, such as a `SystemExit` at an import."""
        self.escaped(excinfo.value)

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Somebody called `pytest.exit`, or raised what it raises."""
        self.escaped(excinfo.value)

    def pytest_collectstart(self, collector: Any) -> None:
        """A module is about to be imported."""
        if collector.nodeid.endswith(".py"):
            self._say("collecting", id=collector.nodeid)

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        """A module or class could not be collected."""
        if getattr(report, "when", "collect") not in (None, "collect"):
            return
        error = call.excinfo.value
        cause = error.__cause__ or error
        self._collect_error(node.nodeid, cause, report.longreprtext)

    def _collect_error(self, where: str, error: BaseException, text: str) -> None:
        places = self._place.of(error)
        self._say("collect-error", id=where, error=described(error), places=places, text=trimmed(text))

    def pytest_collectreport(self, report: Any) -> None:
        """A module that asked to be skipped as a whole."""
        if report.skipped:
            self._say("collect-skip", id=report.nodeid, reason=reason_of(report.longrepr))

    def pytest_deselected(self, items: Any) -> None:
        """Tests that somebody took out of the run."""
        for item in items:
            self._say("deselected", id=item.nodeid)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._say("start", id=nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test is over."""
        self._say("finish", id=nodeid)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Iterator[None]:
        """Note what a phase really ended with, before anybody makes a report of it."""
        # What a test of unittest ended with is only put into the call after this.
        kept = getattr(item, "_excinfo", None) or ()
        excinfo = call.excinfo or next(iter(kept), None)
        error = excinfo.value if excinfo else None
        if error is None:
            truth: dict[str, Any] = {"truth": "passed"}
        elif isinstance(error, (self._skipped, unittest.SkipTest)):
            truth = {"truth": "skipped", "error": str(error), "places": self._place.of(error)}
        else:
            truth = {"truth": "failed", "error": described(error), "places": self._place.of(error)}
        self._truth[item.nodeid, call.when] = truth
        yield

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Say what a phase ended with, beside what the report claims."""
        truth = self._truth.get((report.nodeid, report.when), {"truth": "unseen"})
        self._say(
            "phase",
            id=report.nodeid,
            when=report.when,
            told=report.outcome,
            xfail=getattr(report, "wasxfail", None),
            reason=reason_of(report.longrepr) if report.skipped else "",
            text=trimmed(report.longreprtext) if report.failed else "",
            **truth,
        )


def reason_of(longrepr: Any) -> str:
    """The reason of a skip, which pytest keeps as (file, line, reason)."""
    with contextlib.suppress(TypeError, IndexError):
        return str(longrepr[2]).removeprefix("Skipped: ")
    return str(longrepr)
