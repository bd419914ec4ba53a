"""What a person sees first, summed up event by event: gates by iteration, cost and time by role."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from team.errors import DevTeamError
from team.transcript import Transcript
from team.transcript.blame import blame
from team.transcript.events import Event, Execution, Gate, Message, ModelCall, Snapshot
from team.transcript.tally import Tally

_LONGEST = 200


class Figures:
    """Sums over the events taken in so far."""

    def __init__(self) -> None:
        self._gates: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
        self._first: dict[int, int] = {}
        self._roles: dict[str, Tally] = defaultdict(Tally)
        self._sandbox = 0.0
        self._began = self._last = ""

    def add(self, event: Event) -> None:
        """Take in the next event."""
        if isinstance(event, ModelCall):
            self._roles[event.agent].add(event)
        elif isinstance(event, Gate):
            self._gates[event.name][event.iteration] = _cell(event)
        if isinstance(event, Snapshot | Gate):
            self._first.setdefault(event.iteration, event.seq)
        # Gates run side by side, so their own seconds do not add up to what a person waited.
        if isinstance(event, Snapshot | Gate | Execution) or _is_report(event):
            self._sandbox += _between(self._last, event.ts)
        self._began = self._began or event.ts
        self._last = event.ts

    def facts(self, log: Transcript, *, blames: bool = True) -> dict[str, Any]:
        """What the top of the page is drawn from, as plain JSON; `log` holds at least the same events.

        `blames` adds which message brought which failure, for which all messages are read once more.
        """
        told = log.summary
        config = told.get("config")
        evidence = told.get("evidence")
        changes = _changes(log)
        return {
            "session": log.folder.name,
            "title": title_of(log),
            "kind": str(told.get("kind") or ""),
            "status": str(told.get("status") or "unknown"),
            "message": str(told.get("message") or ""),
            "when": log.when,
            "seconds": round(_between(self._began, self._last), 3),
            "model": str(config.get("model") or "") if isinstance(config, dict) else "",
            "sandbox": str(told.get("sandbox") or ""),
            "evidence": [str(name) for name in evidence] if isinstance(evidence, list) else [],
            "iterations": [
                {"number": number, "seq": seq, "changes": changes.get(number, {})}
                for number, seq in sorted(self._first.items())
            ],
            "gates": [{"name": name, "cells": cells} for name, cells in self._gates.items()],
            "roles": self._by_role(),
            "changes": _all_changes(log),
            "blame": _blame(log) if blames else [],
        }

    def _by_role(self) -> list[dict[str, Any]]:
        """In the order in which they first spoke; the executor, which asks no model, last."""
        roles: list[dict[str, Any]] = [
            {"role": role, **tally.usage.model_dump(), "seconds": round(tally.seconds, 3)}
            for role, tally in self._roles.items()
        ]
        if self._sandbox:
            roles.append({"role": "executor", "calls": None, "seconds": round(self._sandbox, 3)})
        return roles


def title_of(log: Transcript) -> str:
    """What the session is about, in a few words; empty where nothing tells."""
    told = log.summary
    spec = told.get("spec")
    title = told.get("title") or (spec.get("title") or spec.get("name") if isinstance(spec, dict) else "")
    return str(title or "")[:_LONGEST]


def read_diff(log: Transcript, iteration: int | None) -> str:
    """The unified diff of an iteration or of the session; nothing where the history lacks a commit."""
    try:
        return log.diff(iteration)
    except DevTeamError:
        return ""


def _blame(log: Transcript) -> list[dict[str, Any]]:
    """Which message brought which failure."""
    return [
        {
            "gate": found.gate,
            "iteration": found.iteration,
            "seq": found.seq,
            "agent": found.agent,
            "findings": len(found.findings),
            "passed_before": found.passed_before,
        }
        for found in blame(log.events())
        if found.seq is not None
    ]


def _changes(log: Transcript) -> dict[int, dict[str, tuple[int, int]]]:
    try:
        return log.changes_by_iteration()
    except DevTeamError:
        return {}


def _all_changes(log: Transcript) -> dict[str, tuple[int, int]]:
    try:
        return log.changes()
    except DevTeamError:
        return {}


def _cell(gate: Gate) -> dict[str, Any]:
    return {
        "seq": gate.seq,
        "status": gate.status,
        "findings": len(gate.findings),
        "seconds": gate.seconds,
        "why": gate.why[:_LONGEST],
    }


def _is_report(event: Event) -> bool:
    return isinstance(event, Message) and event.agent == "executor"


def _between(before: str, after: str) -> float:
    """Seconds from one date to another; 0 where one is none, or where the clock went back."""
    try:
        return max(0.0, (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
