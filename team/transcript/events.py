"""The events of a session: one frozen model for each type, one JSON object a line.

The envelope (`v` to `prev`) is filled in by the log when an event is recorded.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from team.gates.base import Finding, GateStatus
from team.transcript.origin import Origin

VERSION = 1


class Event(BaseModel):
    """What all events have in common."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = VERSION
    session: str = ""
    seq: int = Field(default=-1, description="0, 1, 2 … without a gap")
    ts: str = Field(default="", description="UTC, ISO 8601 with milliseconds")
    prev: str = Field(default="", description="SHA-256 of the line before, as written; empty for the first")
    type: str
    agent: str = Field(default="", description="the role it is about; empty for the session itself")
    iteration: int = Field(default=0, description="executor turns so far; 0 before the first")


class SessionStarted(Event):
    """What is to be built, by whom, with which settings."""

    type: Literal["session_started"] = "session_started"
    kind: str = Field(description="run, api, crud, etl or solve")
    spec: dict[str, Any]
    config: dict[str, Any] = Field(description="without secrets")
    versions: dict[str, str] = Field(default_factory=dict)
    sandbox: str = Field(default="", description="the executor's tier in words")
    origin: Origin | None = Field(default=None, description="where a fork comes from")


class Message(Event):
    """What an agent said in the chat."""

    type: Literal["message"] = "message"
    step: str
    content: str


class ModelCall(Event):
    """One answer of a model, whole, with its price."""

    type: Literal["model_call"] = "model_call"
    step: str = ""
    request_digest: str = ""
    request: tuple[dict[str, str], ...] = Field(default=(), description="the messages as sent")
    answer: dict[str, Any] = Field(description="content, model, finish_reason, notes, calls")
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0


class Execution(Event):
    """A run of a command block, for information."""

    type: Literal["execution"] = "execution"
    language: str = ""
    command: str
    exit_code: int
    output: str
    seconds: float
    limit: str | None = None


class Gate(Event):
    """What one gate said."""

    type: Literal["gate"] = "gate"
    name: str
    status: GateStatus
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    why: str = ""
    evidence: str = ""
    cases: dict[str, str] = Field(default_factory=dict)


class Verdict(Event):
    """A reviewer's word: a review, a sign-off or a fault."""

    type: Literal["verdict"] = "verdict"
    step: str
    verdict: str = Field(description="approve, revise, or the fault: code, test, design")
    findings: tuple[Finding, ...] = ()
    reason: str = ""


class Snapshot(Event):
    """The tree after an executor turn laid down its blocks."""

    type: Literal["snapshot"] = "snapshot"
    commit: str = Field(description="of history.git; empty where git is missing")
    changed: tuple[str, ...] = Field(default=(), description="workspace paths, POSIX, sorted")
    refused: tuple[Finding, ...] = Field(default=(), description="blocks that were not laid down, and why")


class Approval(Event):
    """A human was asked."""

    type: Literal["approval"] = "approval"
    kind: str = Field(default="acceptance", description="acceptance, changed_test or dependency")
    question: str
    approved: bool
    comment: str = ""


class Note(Event):
    """Anything worth reading later: a resumed session, a divergence, a mark."""

    type: Literal["note"] = "note"
    text: str


class SessionEnded(Event):
    """How it ended."""

    type: Literal["session_ended"] = "session_ended"
    status: str
    reason: str
    message: str
    totals: dict[str, Any] = Field(default_factory=dict)


AnyEvent = Annotated[
    SessionStarted
    | Message
    | ModelCall
    | Execution
    | Gate
    | Verdict
    | Snapshot
    | Approval
    | Note
    | SessionEnded,
    Field(discriminator="type"),
]

EVENT_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
