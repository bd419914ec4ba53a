"""What the catalogue keeps of a session: read from its two files, without the models of the events.

Those cost 0.2 s to import, which is most of the time that listing thousands of sessions takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from team.transcript.jsonlines import LOG_NAME, parse_object
from team.transcript.summary import read_summary

_LONGEST_TEXT = 100_000
_LONGEST_OUTPUT = 10_000


@dataclass
class GateTally:
    """How often one gate ran in a session, was red, and was skipped."""

    runs: int = 0
    red: int = 0
    skipped: int = 0


@dataclass
class CallTally:
    """What one role's calls of one model came to; the cost is None where a price is unknown."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    seconds: float = 0.0


@dataclass
class Digest:
    """One session for the catalogue."""

    status: str = ""
    reason: str = ""
    message: str = ""
    kind: str = ""
    title: str = ""
    model: str = ""
    prompts: str = ""
    began: str = ""
    events: int = 0
    iterations: int = 0
    green: int | None = None
    gates: dict[str, GateTally] = field(default_factory=dict)
    calls: dict[tuple[str, str], CallTally] = field(default_factory=dict)
    texts: list[tuple[int, str, str]] = field(default_factory=list)
    """Number of the event, who said it, what: for the search."""


def digest_session(folder: Path) -> Digest:
    """Read a session for the catalogue. Lines that cannot be read are passed over: `show` names them.

    Raises:
        OSError: the log cannot be read.
    """
    digest, red = Digest(), _RedIterations()
    with (folder / LOG_NAME).open("rb") as file:
        for line in file:
            data = parse_object(line)
            if data is not None and isinstance(data.get("type"), str):
                _take_event(digest, red, data)
    digest.green = red.first_green
    _take_summary(digest, read_summary(folder))
    return digest


class _RedIterations:
    """Which iterations had gates, and which of them had a red one."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.red: set[int] = set()

    @property
    def first_green(self) -> int | None:
        return min(self.seen - self.red, default=None)


def _take_event(digest: Digest, red: _RedIterations, data: dict[str, Any]) -> None:
    kind, iteration = data["type"], _int(data.get("iteration"))
    digest.events += 1
    digest.iterations = max(digest.iterations, iteration)
    digest.began = digest.began or str(data.get("ts", ""))[:16].replace("T", " ")
    if kind == "gate":
        _take_gate(digest, red, data, iteration)
    elif kind == "model_call":
        _take_call(digest, data)
    elif kind == "session_started":
        digest.kind = _text(data.get("kind"))
        digest.model = _text(_dict(data.get("config")).get("model"))
        digest.prompts = _text(_dict(data.get("versions")).get("prompts"))
    elif kind == "session_ended":
        digest.status, digest.reason = _text(data.get("status")), _text(data.get("reason"))
        digest.message = _text(data.get("message"))
    if kind not in ("session_ended", "note") and digest.status:
        digest.status = digest.reason = digest.message = ""  # it was resumed
    said = "\n".join(_said(kind, data))
    if said.strip():
        digest.texts.append((_int(data.get("seq")), _text(data.get("agent")), said[:_LONGEST_TEXT]))


def _said(kind: str, data: dict[str, Any]) -> Iterator[str]:
    if kind == "message":
        yield _text(data.get("content"))
    elif kind in ("gate", "verdict"):
        findings = data.get("findings")
        for finding in findings if isinstance(findings, list) else ():
            yield f"{_text(_dict(finding).get('file'))} {_text(_dict(finding).get('rule'))}"
            yield _text(_dict(finding).get("message"))
        yield _text(data.get("why") or data.get("reason"))
    elif kind == "execution":
        yield f"{_text(data.get('command'))}\n{_text(data.get('output'))}"[:_LONGEST_OUTPUT]
    elif kind in ("note", "approval"):
        yield _text(data.get("text") or data.get("comment"))


def _take_gate(digest: Digest, red: _RedIterations, data: dict[str, Any], iteration: int) -> None:
    tally = digest.gates.setdefault(_text(data.get("name")), GateTally())
    status = data.get("status")
    tally.runs += 1
    tally.skipped += status == "skip"
    red.seen.add(iteration)
    if status in ("fail", "error"):
        tally.red += 1
        red.red.add(iteration)


def _take_call(digest: Digest, data: dict[str, Any]) -> None:
    answer = _dict(data.get("answer"))
    key = _text(data.get("agent")), _text(answer.get("model"))
    tally = digest.calls.setdefault(key, CallTally())
    cost = data.get("cost_usd")
    tally.calls += _int(answer.get("calls", 1))  # a draft took none, a continued answer several
    tally.prompt_tokens += _int(data.get("prompt_tokens"))
    tally.completion_tokens += _int(data.get("completion_tokens"))
    tally.seconds += _float(data.get("seconds"))
    known = tally.cost_usd is not None and isinstance(cost, int | float)
    tally.cost_usd = (tally.cost_usd or 0.0) + _float(cost) if known else None


def _take_summary(digest: Digest, told: dict[str, Any]) -> None:
    """`session.json` adds the title, and what the log lost."""
    digest.title = _text(told.get("title"))
    digest.kind = digest.kind or _text(told.get("kind"))
    digest.model = digest.model or _text(_dict(told.get("config")).get("model"))
    if not digest.status and told.get("status") not in (None, "running"):
        digest.status, digest.reason = _text(told.get("status")), _text(told.get("reason"))
        digest.message = _text(told.get("message"))


_SURROGATES = re.compile("[\ud800-\udfff]")


def _text(value: object) -> str:
    """Text that a database takes: nothing else, and no lone surrogates."""
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else ""


def _int(value: object) -> int:
    return value if isinstance(value, int) and abs(value) < 2**62 else 0


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
