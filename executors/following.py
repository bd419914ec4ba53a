"""Follows a run in a container from outside: its output, the wall time, and what it does to the workspace."""

from __future__ import annotations

import json
import resource
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from executors.base import LimitName, Limits
from executors.confinement import HOME, WORKSPACE, environ
from executors.container import WarmContainer
from executors.errors import SandboxUnavailable
from executors.interpreter import Interpreter
from executors.rlimits import rlimits
from executors.supervisor import MB, Ending, Output, Report
from executors.workspace import WorkspaceWatch

_POLL_SECONDS = 0.05
_STOP_SECONDS = 0.25
_DYING_SECONDS = 0.5
_RESOURCES = {name: getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
_KILLED = 128 + signal.SIGKILL


class Following:
    """One run."""

    def __init__(
        self,
        container: WarmContainer,
        watch: WorkspaceWatch,
        limits: Limits,
        output: Output,
        report: Report | None,
    ) -> None:
        self._container, self._watch, self._limits = container, watch, limits
        self._output, self._report = output, report
        self._nameless = 0
        self._end: dict[str, Any] | None = None
        self._started = time.monotonic()
        self.clean = False
        """Whether the container has ended the run without a trace and may be used again."""

    def deleted_bytes(self, device: int) -> int:
        """What the container last told: it has the same workspace on the same device."""
        return self._nameless

    def run(self, job: bytes) -> Ending:
        """Have it run and see it to its end.

        Raises:
            SandboxUnavailable: the container or the daemon went away.
        """
        try:
            self._container.frames.send(job)
        except OSError:
            return self._hung_up()
        self._started = time.monotonic()
        deadline = self._started + self._limits.wall_seconds
        next_poll = self._started + _POLL_SECONDS
        while self._end is None:
            if self._container.frames.ended:
                return self._hung_up()
            now = time.monotonic()
            if now >= deadline:
                return self._stop("wall")
            if self._report is not None and self._report.full:
                return self._stop("output")
            if now >= next_poll:
                if limit := self._watch.room_left(self):
                    return self._stop(limit)
                next_poll = time.monotonic() + _POLL_SECONDS
            self._take(min(deadline, next_poll) - time.monotonic())
        return self._ending(None)

    def _take(self, seconds: float) -> None:
        for kind, content in self._container.frames.take(seconds):
            if kind == "o":
                self._output.add(content)
            elif kind == "r" and self._report is not None:
                self._report.add(content)
            elif kind == "u":
                self._nameless = int(content)
            elif kind == "e":
                self._end = json.loads(content)
                self.clean = self._end["clean"]

    def _stop(self, limit: LimitName) -> Ending:
        """Have all of the run killed; where that takes too long, the container goes with it."""
        deadline = time.monotonic() + _STOP_SECONDS
        with suppress(OSError):
            self._container.frames.send(b"stop\n")
        while self._end is None and not self._container.frames.ended and time.monotonic() < deadline:
            self._take(deadline - time.monotonic())
        return self._ending(limit)

    def _ending(self, limit: LimitName | None) -> Ending:
        told = self._end or {"code": _KILLED, "limit": None}
        seconds = time.monotonic() - self._started
        if limit is None and self._report is not None and self._report.full:
            limit = "output"
        return Ending(told["code"], seconds, limit or told["limit"])

    def _hung_up(self) -> Ending:
        """The server ended: with its container, or because the program killed it, which it may try."""
        seconds = time.monotonic() - self._started
        deadline = time.monotonic() + _DYING_SECONDS
        while (state := self._container.state()).get("Running") and time.monotonic() < deadline:
            time.sleep(0.02)
        if not state.get("Running"):
            raise SandboxUnavailable(
                "the sandbox's container was ended from outside while code ran", "run it again"
            )
        return Ending(_KILLED, seconds, "memory" if state.get("OOMKilled") else None)


def job_for(
    container: WarmContainer, argv: Sequence[str], stdin: bytes, limits: Limits, report: bool
) -> bytes:
    """A run, as the server in the container wants to be told."""
    python = Interpreter(Path(container.facts.python), (), container.facts.version)
    bounds = rlimits(limits, tasks=False)
    job = {
        "argv": list(argv),
        "environ": environ(python, home=HOME, extra={}),
        "folder": WORKSPACE,
        "input": len(stdin),
        "report": report,
        "rlimits": {name: bounds[number] for name, number in _RESOURCES.items() if number in bounds},
        "limits": {
            "processes": limits.processes,
            "tasks": container.shape.tasks,
            "memory": limits.memory_mb * MB,
            "cpu": limits.cpu_seconds,
            "files": limits.files,
        },
    }
    return json.dumps(job).encode() + b"\n" + stdin
