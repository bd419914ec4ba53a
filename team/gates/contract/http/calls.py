"""Calls of a web application in the sandbox: what is asked, and the raw answers."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from executors import Reported, SandboxUnavailable
from team.gates.base import Target, ToolFailed
from team.gates.characters import lay_down_characters
from team.gates.runner import command
from team.gates.target import regular_files
from team.gates.testrun import COMPILED, empty_folder
from team.gates.tools import how_it_ended
from team.gates.trees import copy_tree

if TYPE_CHECKING:
    from executors.warm import WarmExecutor

USUAL = (
    "app.main", "main", "app", "src.main", "src.app.main", "app.app", "app.api", "api.main", "api",
    "app.server", "server", "service", "service.main", "application",
)  # fmt: skip
"""Modules where an application is looked for first."""
_MAKES_APP = re.compile(rb"\bFastAPI\(")
MOST_MODULES = 40
_PARTS = ("reporting", "app_pipe", "app_side", "app_fuzzing")
"""The modules of our caller, in the order in which they need each other."""


def ref(step: str, *at: str | int) -> dict[str, Any]:
    """What stands in a later request for a part of an earlier answer."""
    return {"$from": step, "at": list(at)}


@dataclass(frozen=True)
class Step:
    """One request; parts of it may be references to earlier answers."""

    id: str
    method: str
    path: tuple[Any, ...]
    query: tuple[tuple[str, Any], ...] = ()
    body: Any = None
    has_body: bool = False

    def told(self) -> dict[str, Any]:
        """As the program in the sandbox reads it."""
        step: dict[str, Any] = {"id": self.id, "method": self.method, "path": list(self.path)}
        step["query"] = [list(pair) for pair in self.query]
        return step | ({"body": self.body} if self.has_body else {})


@dataclass(frozen=True)
class Answer:
    """What the application answered, word for word."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    """What it raised instead of answering."""

    @property
    def json(self) -> Any:
        """The body as JSON; None for what is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Calls:
    """The story of one application in the sandbox. All its texts are data from hostile code."""

    found: str = ""
    errors: list[tuple[str, str]] = field(default_factory=list)
    document: Mapping[str, Any] | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    unasked: dict[str, str] = field(default_factory=dict)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """What Schemathesis found: (check, operation, text)."""
    troubles: list[str] = field(default_factory=list)
    fuzzed: int | None = None
    """The requests that Schemathesis made."""
    missing: str = ""
    ended: bool = False
    limit: str | None = None


def call_app(
    target: Target, steps: Sequence[Step], fuzz: Mapping[str, Any] | None, warm: WarmExecutor | None = None
) -> Calls:
    """Start the application of a copy of the tree, and call it from another process.

    Args:
        target: the tree and its sandbox.
        steps: the requests, in order.
        fuzz: how Schemathesis is to call it besides; None: not at all.
        warm: what has imported the packages of both processes already; they are forks of that.

    Raises:
        ToolFailed: our program in the sandbox could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    nonce = secrets.token_hex(16)
    job = {"nonce": nonce, "modules": modules(target), "steps": [step.told() for step in steps], "fuzz": fuzz}
    try:
        done = _run(target, job, warm)
    except SandboxUnavailable:
        if warm is None:
            raise
        done = _run(target, job, None)
    calls = read_calls(done.report, nonce)
    if calls is None:
        raise ToolFailed(how_it_ended("the caller of the application", done))
    calls.limit = done.outcome.limit
    return calls


def _run(target: Target, job: Mapping[str, Any], warm: WarmExecutor | None) -> Reported:
    """Run our program in the sandbox, over a copy of the tree."""
    limits = target.sandbox.limits.model_copy(update={"wall_seconds": target.settings.timeout})
    with empty_folder(warm) as copy:
        copy_tree(target.root, [p for p in regular_files(target.root) if not p.endswith(COMPILED)], copy)
        if job["fuzz"]:
            lay_down_characters(target, copy)
        with (warm or target.sandbox).over(copy) as sandbox:
            line = command("call_app", _PARTS)
            return sandbox.run_reporting(line, stdin=json.dumps(job).encode(), limits=limits)


def modules(target: Target) -> list[str]:
    """Modules that may hold the application, the likely ones first."""
    there = {_module(path): path for path in target.sources}
    usual = [name for name in USUAL if name in there]
    others = [
        name
        for name, path in sorted(there.items(), key=lambda entry: (entry[0].count("."), entry[0]))
        if name not in usual and _MAKES_APP.search((target.root / path).read_bytes())
    ]
    return [*usual, *others][:MOST_MODULES]


def _module(path: str) -> str:
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return name if name in USUAL else name.removeprefix("src.")


def read_calls(report: bytes, nonce: str) -> Calls | None:
    """The report of the program in the sandbox; None when it did not even start."""
    frames = list(_frames(report, nonce))
    if not frames or frames[0]["kind"] != "ready":
        return None
    calls = Calls()
    for frame in frames:
        _take_in(calls, frame)
    return calls


def _frames(report: bytes, nonce: str) -> Iterator[dict[str, Any]]:
    mark = f"{nonce} ".encode()
    for line in report.splitlines():
        if line.startswith(mark):
            try:
                frame = json.loads(line.removeprefix(mark))
            except ValueError:
                continue
            if isinstance(frame, dict):
                yield frame


def _take_in(calls: Calls, frame: dict[str, Any]) -> None:
    match frame["kind"]:
        case "app":
            calls.found = str(frame["found"])
        case "no-app":
            calls.errors = [(str(name), str(text)) for name, text in frame["errors"]]
        case "openapi":
            document = frame["document"]
            calls.document = document if isinstance(document, dict) else None
            calls.troubles += [str(frame["error"])] if frame.get("error") else []
        case "answer":
            calls.answers[frame["id"]] = _answer(frame)
        case "no-answer":
            calls.unasked[frame["id"]] = str(frame["needs"])
        case "failure":
            calls.failures.append((str(frame["check"]), str(frame["operation"]), str(frame["text"])))
        case "trouble":
            calls.troubles.append(str(frame["text"]))
        case "fuzzed":
            calls.missing = str(frame.get("missing", ""))
            calls.fuzzed = frame.get("requests")
        case "end":
            calls.ended = True


def _answer(frame: dict[str, Any]) -> Answer:
    if "status" not in frame:
        return Answer(error=str(frame.get("error", "it did not answer")))
    headers = {str(name).lower(): str(value) for name, value in frame["headers"]}
    return Answer(int(frame["status"]), headers, base64.b64decode(frame["body"]))
