"""Tapes: recorded or hand-written answers, served to each role in order."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from team.errors import SpecError
from team.transcript.events import ModelCall
from team.transcript.jsonlines import LOG_NAME, parse_object


class Tape:
    """The model calls of a tape, by role, each served once.

    Attributes:
        path: where the tape was read from.
        notes: what the tape says of itself, such as that it was written by hand.
        models: who gave the answers, where that is known.
    """

    def __init__(self, path: Path, calls: Iterable[ModelCall], notes: tuple[str, ...] = ()) -> None:
        self.path = path
        self.notes = notes
        self._calls: dict[str, deque[ModelCall]] = defaultdict(deque)
        models: set[str] = set()
        for call in calls:
            self._calls[call.agent].append(call)
            models.add(str(call.answer.get("model") or ""))
        self.models = frozenset(models)

    def next(self, agent: str) -> ModelCall | None:
        """The next answer of that role, or None when the tape has no more."""
        calls = self._calls.get(agent)
        return calls.popleft() if calls else None

    def peek(self, agent: str) -> ModelCall | None:
        """What `next` would give."""
        calls = self._calls.get(agent)
        return calls[0] if calls else None

    def left(self) -> dict[str, int]:
        """How many answers are left, by role; roles without any are not named."""
        return {agent: len(calls) for agent, calls in sorted(self._calls.items()) if calls}


def read_tape(path: Path | str) -> Tape:
    """Read a tape: a transcript, a session's folder, or JSONL with `model_call` lines written by hand.

    A hand-written line needs `type`, `agent` and `answer.content`; a line that ends a transcript half-way is
    left out.

    Raises:
        SpecError: the file cannot be read, a line is not what it should be (named by file and line), or no
            line holds an answer.
    """
    path = Path(path)
    source = path / LOG_NAME if path.is_dir() else path
    try:
        *lines, tail = source.read_bytes().split(b"\n")
    except OSError as error:
        raise SpecError(f"cannot read the tape {path}: {error.strerror}") from error
    if tail.strip() and (parse_object(tail) is not None or not lines):
        lines.append(tail)
    calls: list[ModelCall] = []
    notes: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        data = _object(source, number, line)
        if data.get("type") == "model_call":
            calls.append(_call(source, number, data))
        elif data.get("type") == "note" and not calls:
            notes.append(str(data.get("text", "")))
    if not calls:
        raise SpecError(
            f"the tape {path} holds no answer",
            'each answer is a line {"type":"model_call","agent":"developer","answer":{"content":"…"}}',
        )
    return Tape(path, calls, tuple(notes))


def _object(source: Path, number: int, line: bytes) -> dict[str, Any]:
    data = parse_object(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
    if data is None:
        raise SpecError(f"{source}, line {number}: not a JSON object")
    if not isinstance(data.get("type"), str):
        raise SpecError(f"{source}, line {number}: 'type' is missing")
    return data


def _call(source: Path, number: int, data: dict[str, Any]) -> ModelCall:
    if not isinstance(data.get("agent"), str) or not data["agent"]:
        raise SpecError(f"{source}, line {number}: 'agent' is missing")
    answer = data.get("answer")
    if not isinstance(answer, dict) or not isinstance(answer.get("content"), str):
        raise SpecError(f"{source}, line {number}: 'answer' has no text under 'content'")
    try:
        return ModelCall.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SpecError(f"{source}, line {number}: {where}: {first['msg']}") from error
