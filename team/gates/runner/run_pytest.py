"""Runs the workspace's tests and reports what really happened, over a channel of its own.

Runs as ``python -I -c`` in the workspace, inside the sandbox, with the sandbox's interpreter.
Input (stdin, read to its end before anything of the workspace is imported), as JSON::

    {"nonce": "…", "options": [of pytest], "unwanted": [plugins], "files": [test files], "seconds": N}

Output (the report: the stdout this program was started with), one line ``NONCE {json}`` per step.
Kinds: ready, collecting, collect-error, collect-skip, deselected, start, phase, finish, escaped, exit,
coverage, disturbed, end. What pytest prints goes to stderr and decides nothing. A run without ``end`` is
no run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib.metadata
import importlib.util
import inspect
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

NO_AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
TEXT_LINES = 40
TEXT_CHARACTERS = 6000
GREENLET_USERS = (b"sqlalchemy", b"sqlmodel", b"greenlet", b"gevent")


class Report:
    """The channel to the judge: writes whole lines, marked with what only the judge told us."""

    def __init__(self, descriptor: int, nonce: str) -> None:
        self._descriptor = descriptor
        self._nonce = nonce
        self._lock = threading.Lock()
        # Taken before the workspace is imported, which may put something else in their places.
        self._encode = json.JSONEncoder().encode
        self._write = os.write

    def say(self, kind: str, **fields: Any) -> None:
        """Write one step, whole."""
        line = f"\n{self._nonce} {self._encode({'kind': kind, **fields})}\n".encode()
        with self._lock:
            while line:
                line = line[self._write(self._descriptor, line) :]

    def show_stack_after(self, seconds: float) -> None:
        """Write every thread's stack to the channel when the run is that old: a hint, not a frame."""
        faulthandler.dump_traceback_later(seconds, file=self._descriptor)


class Place:
    """Finds the workspace's lines in tracebacks."""

    def __init__(self, root: str) -> None:
        self._root = root + os.sep

    def relative(self, path: str) -> str | None:
        """The POSIX path of a file in the workspace, else None."""
        if path.startswith("<"):
            return None
        path = os.path.abspath(path)  # noqa: PTH100 - links must stay as they are named
        return path.removeprefix(self._root) if path.startswith(self._root) else None

    def lines(self, frames: Any) -> list[tuple[str, int]]:
        """The (file, line) of every workspace frame, outermost first; frames as `traceback` walks them."""
        found = [(self.relative(frame.f_code.co_filename), line) for frame, line in frames]
        return [(path, line) for path, line in found if path]

    def of(self, error: BaseException) -> list[tuple[str, int]]:
        """The workspace's lines that an exception passed, where it was raised last."""
        return self.lines(traceback.walk_tb(error.__traceback__))


def main() -> None:
    """Run the tests, report, and leave without running what the workspace left behind."""
    channel = os.dup(1)
    os.dup2(2, 1)
    job = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    report = Report(channel, job.pop("nonce"))
    for name in [name for name in os.environ if name.startswith(("PYTEST", "COVERAGE", "COV_CORE"))]:
        del os.environ[name]
    sys.dont_write_bytecode = True
    root = str(Path.cwd())
    report.say("ready")
    leave = watch_exit(report, Place(root))
    report.show_stack_after(job["seconds"])
    measured = coverage_of(root)
    recorder = Recorder(root, report, measured)
    code = run(job["options"] + options(root, job["unwanted"]) + job["files"], recorder)
    faulthandler.cancel_dump_traceback_later()
    try:
        report.say("coverage", lines=executed_lines(measured, Place(root)))
    except Exception as error:  # noqa: BLE001 - whatever the workspace did to the measurement
        report.say("disturbed", error=described(error))
    report.say("end", exit=code)
    sys.stderr.flush()
    leave(0)


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


def watch_exit(report: Report, place: Place) -> Callable[[int], NoReturn]:
    """Say who called `os._exit` in this process before it ends the run; return the real one."""
    really_exit, judge = os._exit, os.getpid()

    def leave(status: int) -> None:
        if os.getpid() == judge:
            lines = place.lines(traceback.walk_stack(sys._getframe(1)))
            report.say("exit", at=lines[0] if lines else None)
        really_exit(status)

    os._exit = leave  # type: ignore[assignment]
    return really_exit


def coverage_of(root: str) -> Any:
    """A measurement of what lies in the workspace, or None without the `coverage` package."""
    try:
        from coverage import Coverage
    except ImportError:
        return None
    # It notes by which calls it was started; `inspect` would look through all modules for each of ours.
    inspect.modulesbyfile.update({"<judge>": "__main__", "<string>": "__main__"})
    kinds = ["thread", "greenlet"] if uses_greenlets(root) else ["thread"]
    return Coverage(data_file=None, config_file=False, source=[root], concurrency=kinds, messages=False)


def uses_greenlets(root: str) -> bool:
    """Whether code of the workspace may switch greenlets, as SQLAlchemy's asyncio does.

    Only then is coverage told of them: asking greenlet at every call, which one runs, hangs now and then
    while threads start (seen in a third of the runs of a test that starts eight; greenlet 3.5, Python 3.11).
    """
    if importlib.util.find_spec("greenlet") is None:
        return False
    texts = (file.read_bytes() for file in Path(root).rglob("*.py") if file.is_file())
    return any(name in text for text in texts for name in GREENLET_USERS)


def executed_lines(measured: Any, place: Place) -> dict[str, list[int]] | None:
    """The executed lines by workspace path, or None when nothing could be measured."""
    if measured is None:
        return None
    measured.stop()
    data = measured.get_data()
    found = {place.relative(path): sorted(data.lines(path) or ()) for path in data.measured_files()}
    return {path: lines for path, lines in found.items() if path}


def described(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}"[:500]


def trimmed(text: str) -> str:
    """Head and tail of a long failure text."""
    lines = text[-TEXT_CHARACTERS:].splitlines()
    if len(lines) > TEXT_LINES:
        left_out = len(lines) - TEXT_LINES
        lines = [*lines[:10], f"… {left_out} lines left out …", *lines[10 - TEXT_LINES :]]
    return "\n".join(lines)


class Recorder:
    """A pytest plugin that says what happened, from the exceptions themselves and not from reports."""

    def __init__(self, root: str, report: Report, measured: Any) -> None:
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
        if self._measured:
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
        error = call.excinfo.value if call.excinfo else None
        if error is None:
            truth: dict[str, Any] = {"truth": "passed"}
        elif isinstance(error, self._skipped):
            truth = {"truth": "skipped", "error": str(error)}
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


if __name__ == "__main__":
    main()
