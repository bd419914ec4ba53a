"""The test runner's report, read: what happened, step by step. Its text is data from hostile code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from team.gates.signed import read_signed

Place = tuple[str, int]


class Frame(BaseModel):
    """One step of the run; which fields are set depends on its kind."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    id: str = ""
    when: str = ""
    truth: Literal["passed", "failed", "skipped", "unseen"] = "unseen"
    told: str = ""
    error: str = ""
    at: Place | None = None
    places: tuple[Place, ...] = ()
    xfail: str | None = None
    reason: str = ""
    text: str = ""
    lines: dict[str, list[int]] | None = None
    exit: int | None = None


@dataclass
class TestRecord:
    """One test: the phases it went through, the bodies that ran to their end, and whether it did itself."""

    phases: dict[str, Frame] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    finished: bool = False

    def add(self, phase: Frame) -> None:
        """Take in how a phase ended; that it failed is never taken back."""
        told = self.phases.get(phase.when)
        if told is None or "failed" not in (told.truth, told.told):
            self.phases[phase.when] = phase

    @property
    def failure(self) -> Frame | None:
        """The first phase that failed, by its exception or by its report."""
        failed = (phase for phase in self.phases.values() if "failed" in (phase.truth, phase.told))
        return next((phase for phase in failed if phase.xfail is None), None)

    @property
    def skip(self) -> Frame | None:
        """The phase that was skipped or expected to fail."""
        return next((phase for phase in self.phases.values() if phase.told == "skipped"), None)

    @property
    def passed(self) -> bool:
        """Whether all its phases were really passed."""
        call = self.phases.get("call")
        return call is not None and all(
            phase.truth == phase.told == "passed" for phase in self.phases.values()
        )


@dataclass
class Story:
    """All steps of a run, put in order."""

    ready: bool = False
    ended: bool = False
    collecting: str = ""
    running: str = ""
    tests: dict[str, TestRecord] = field(default_factory=dict)
    collect_errors: list[Frame] = field(default_factory=list)
    collect_skips: list[Frame] = field(default_factory=list)
    deselected: list[str] = field(default_factory=list)
    escaped: Frame | None = None
    exit: Frame | None = None
    lines: dict[str, list[int]] | None = None
    stack: str = ""
    torn: bool = False
    asserted: set[str] = field(default_factory=set)
    tampered: list[str] = field(default_factory=list)

    def add(self, frame: Frame) -> None:
        """Take in the next step."""
        match frame.kind:
            case "ready":
                self.ready = True
            case "collecting":
                self.collecting = frame.id
            case "collect-error":
                self.collect_errors.append(frame)
            case "collect-skip":
                self.collect_skips.append(frame)
            case "deselected":
                self.deselected.append(frame.id)
            case "start":
                self.tests.setdefault(frame.id, TestRecord())
                self.running = frame.id
            case "phase":
                self.tests.setdefault(frame.id, TestRecord()).add(frame)
            case "reached" if self.running:
                self.tests[self.running].reached.add(frame.id)
            case "finish":
                self.tests.setdefault(frame.id, TestRecord()).finished = True
                self.running = ""
            case "asserted":
                self.asserted.add(frame.id)
            case "escaped":
                self.escaped = frame
            case "exit":
                self.exit = frame
            case "tampered":
                self.tampered.append(frame.error)
            case "coverage":
                self.lines = frame.lines
            case "end":
                self.ended = True


def read_story(report: bytes, key: bytes) -> Story:
    """The story that a report tells; lines that are not signed with the key are not the runner's.

    They may be the stacks that the runner shows when a run takes long: a hint for people.
    """
    lines = read_signed(report, key)
    story = Story(torn=lines.torn, stack="\n".join(line for line in lines.others if line.strip()))
    for step in lines.steps:
        for frame in _frame(step):
            story.add(frame)
    return story


def _frame(text: str) -> Iterator[Frame]:
    try:
        yield Frame.model_validate(json.loads(text))
    except (ValueError, ValidationError, RecursionError):
        return
