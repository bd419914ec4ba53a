"""One line of words for an event, and the short forms of numbers, shared by progress and pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from team.transcript.events import (
    Approval,
    Event,
    Execution,
    Gate,
    ModelCall,
    Note,
    SessionEnded,
    SessionStarted,
    Snapshot,
    Verdict,
)
from team.transcript.line import COLOURS, MARKS
from team.transcript.numbers import counted, money, short
from team.transcript.safe_text import one_line

__all__ = ["COLOURS", "MARKS", "counted", "describe", "money", "short"]


def describe(event: Event) -> str:
    """What an event says, in one line; empty where it has nothing for a person who watches.

    A message is not described: its model call, or what the executor did, is.
    """
    words = _WORDS.get(type(event))
    return one_line(words(event), 160) if words else ""


def _started(event: SessionStarted) -> str:
    return f"session {event.session}: {event.kind}, in {event.sandbox or 'no sandbox'}"


def _called(event: ModelCall) -> str:
    cost = f", {money(event.cost_usd)} USD" if event.cost_usd else ""
    tokens = f"{short(event.prompt_tokens)} → {short(event.completion_tokens)} tokens"
    return f"{event.agent}: {event.step.replace('_', ' ')} ({tokens}, {event.seconds:.1f} s{cost})"


def _ran(event: Execution) -> str:
    ending = f"limit: {event.limit}" if event.limit else f"exit code {event.exit_code}"
    return f"command block of iteration {event.iteration}: {ending} ({event.seconds:.1f} s)"


def _judged(event: Gate) -> str:
    found = f": {counted(len(event.findings), 'finding')}, {event.findings[0]}" if event.findings else ""
    why = f": {event.why}" if event.why and not found and event.status != "pass" else ""
    return f"{MARKS[event.status]} {event.name} ({event.seconds:.1f} s){found}{why}"


def _decided(event: Verdict) -> str:
    found = f", {counted(len(event.findings), 'finding')}" if event.findings else ""
    return f"{event.agent}: {event.step.replace('_', ' ')}: {event.verdict}{found}"


def _laid_down(event: Snapshot) -> str:
    refused = f", {counted(len(event.refused), 'block')} refused" if event.refused else ""
    return f"iteration {event.iteration}: {counted(len(event.changed), 'file')} changed{refused}"


def _asked(event: Approval) -> str:
    return f"a human {'approved' if event.approved else 'did not approve'} {event.comment}"


def _noted(event: Note) -> str:
    return f"note: {event.text}"


def _ended(event: SessionEnded) -> str:
    return f"{event.status}: {event.message}"


_WORDS: dict[type[Event], Callable[[Any], str]] = {
    SessionStarted: _started,
    ModelCall: _called,
    Execution: _ran,
    Gate: _judged,
    Verdict: _decided,
    Snapshot: _laid_down,
    Approval: _asked,
    Note: _noted,
    SessionEnded: _ended,
}
