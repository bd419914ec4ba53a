"""Where two sessions part: the first thing that differs, then gates, cost and files side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from team.errors import UsageError
from team.transcript.events import Approval, Event, Execution, Gate, ModelCall, SessionEnded, SessionStarted
from team.transcript.head import plain_table
from team.transcript.outline import Damage
from team.transcript.reader import Transcript
from team.transcript.safe_text import one_line
from team.transcript.wording import COLOURS, MARKS, describe, money

if TYPE_CHECKING:
    from rich.console import RenderableType

_SHOWN = 30


@dataclass(frozen=True)
class First:
    """The first event in which two sessions differ; a side that had ended has no number and no words."""

    what: str
    a_seq: int | None
    b_seq: int | None
    a: str
    b: str


@dataclass(frozen=True)
class Side:
    """One of the two sessions as a whole."""

    session: str
    status: str
    reason: str
    iterations: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    damage: int


@dataclass(frozen=True)
class Parting:
    """How two sessions differ; `first` is None where they do not."""

    a: Side
    b: Side
    first: First | None
    same_events: int
    gates: tuple[tuple[int, str, str, str], ...]
    """Iteration, gate, and what it said in each, where they differ; `-` where it did not run."""
    files: tuple[tuple[str, str], ...]
    """Path, and `only in A`, `only in B` or `differs`, for the last snapshots."""


def parting(a: Transcript, b: Transcript) -> Parting:
    """Compare two sessions. Dates, durations and costs of single events do not count as differences."""
    first, same = _first(a, b)
    return Parting(_side(a), _side(b), first, same, tuple(_gates(a, b)), tuple(_files(a, b)))


def as_json(found: Parting) -> dict[str, Any]:
    """The comparison as JSON values."""
    told = asdict(found)
    told["same"] = found.first is None and not found.files
    told["gates"] = [dict(zip(("iteration", "gate", "a", "b"), row, strict=True)) for row in found.gates]
    told["files"] = [dict(zip(("path", "how"), row, strict=True)) for row in found.files]
    return told


def parting_parts(found: Parting) -> Iterator[RenderableType]:
    """The comparison for a terminal."""
    yield _sides(found)
    yield Text()
    if found.first is None:
        yield Text(f"the same in all {found.same_events} events", style="green")
    else:
        yield Text(
            f"they part after {found.same_events} events: {one_line(found.first.what, 200)}", style="bold"
        )
        for name, seq, words in (
            ("A", found.first.a_seq, found.first.a),
            ("B", found.first.b_seq, found.first.b),
        ):
            place = f"#{seq}" if seq is not None else "ended"
            yield Text(f"  {name} {place}: {one_line(words, 300)}")
    yield from _titled("gates", [(f"{n} {one_line(gate, 30)}", a, b) for n, gate, a, b in found.gates])
    yield from _titled("files", [(one_line(path), how, "") for path, how in found.files])


def _titled(title: str, rows: list[tuple[str, str, str]]) -> Iterator[RenderableType]:
    if not rows:
        return
    table = plain_table()
    for name in (title, "A" if title == "gates" else "", "B" if title == "gates" else ""):
        table.add_column(name)
    for row in rows[:_SHOWN]:
        table.add_row(*(Text(cell, style=_style(cell)) for cell in row))
    yield from (Text(), table)
    if len(rows) > _SHOWN:
        yield Text(f"and {len(rows) - _SHOWN} more", style="dim")


def _style(cell: str) -> str:
    return next((COLOURS[status] for status, mark in MARKS.items() if cell.startswith(mark)), "")


def _sides(found: Parting) -> Table:
    table = plain_table()
    for name in ("", "session", "status"):
        table.add_column(name)
    for name in ("rounds", "calls", "tokens in", "out", "USD"):
        table.add_column(name, justify="right")
    for name, side in (("A", found.a), ("B", found.b)):
        status = one_line(f"{side.status} ({side.reason})", 40)
        numbers = (side.iterations, side.calls, side.prompt_tokens, side.completion_tokens)
        cells = (*(f"{number:,}" for number in numbers), money(side.cost_usd))
        table.add_row(name, Text(one_line(side.session)), Text(status), *cells)
    return table


def _side(log: Transcript) -> Side:
    told, costs = log.summary, list(log.cost().values())
    prices = [usage.cost_usd for usage in costs if usage.cost_usd is not None]
    return Side(
        session=log.session,
        status=str(told.get("status") or "?"),
        reason=str(told.get("reason") or ""),
        iterations=log.iterations,
        calls=sum(usage.calls for usage in costs),
        prompt_tokens=sum(usage.prompt_tokens for usage in costs),
        completion_tokens=sum(usage.completion_tokens for usage in costs),
        cost_usd=round(sum(prices), 8) if len(prices) == len(costs) else None,
        damage=len(log.damage),
    )


def _first(a: Transcript, b: Transcript) -> tuple[First | None, int]:
    """The first differing event and how many before it are the same, notes aside."""
    same = 0
    for left, right in zip_longest(_telling(a), _telling(b)):
        if left is None or right is None or _essence(left) != _essence(right):
            return _difference(left, right), same
        same += 1
    return None, same


def _telling(log: Transcript) -> Iterator[Event]:
    return (item for item in log.read() if not isinstance(item, Damage) and item.type != "note")


def _essence(event: Event) -> Any:
    """What of an event counts: not when, not for how long, not at what price, not in which folder."""
    if isinstance(event, SessionStarted):
        return (event.type, event.kind, event.spec)
    if isinstance(event, ModelCall):
        return (event.type, event.agent, event.step, _asked(event), event.answer.get("content"))
    if isinstance(event, SessionEnded):
        return (event.type, event.status, event.reason)
    if isinstance(event, Execution):
        return (event.type, event.command, event.exit_code, event.limit)
    if isinstance(event, Approval):
        return (event.type, event.approved, event.comment)
    left_out = {"v", "session", "seq", "ts", "prev", "seconds", "commit"}
    return event.model_dump(mode="json", exclude=left_out)


def _asked(call: ModelCall) -> str:
    return call.request_digest or str(call.request)


def _difference(left: Event | None, right: Event | None) -> First:
    seqs = (left.seq if left else None, right.seq if right else None)
    if left is None or right is None:
        return First("one of them ends here", *seqs, describe_any(left), describe_any(right))
    if isinstance(left, ModelCall) and isinstance(right, ModelCall) and left.agent == right.agent:
        if _asked(left) != _asked(right):
            what, texts = (
                "request",
                ["\n".join(p.get("content", "") for p in c.request) for c in (left, right)],
            )
        else:
            what, texts = "answer", [str(call.answer.get("content")) for call in (left, right)]
        return First(f"the {what} of {left.agent} ({left.step})", *seqs, *_first_lines(*texts))
    if isinstance(left, SessionStarted) and isinstance(right, SessionStarted):
        return First("what was to be built", *seqs, *_first_lines(str(left.spec), str(right.spec)))
    what = left.type if left.type == right.type else "what happened next"
    return First(what.replace("_", " "), *seqs, describe_any(left), describe_any(right))


def _first_lines(a: str, b: str) -> tuple[str, str]:
    for number, (left, right) in enumerate(zip_longest(a.splitlines(), b.splitlines()), start=1):
        if left != right:
            return tuple(  # type: ignore[return-value]
                f"line {number}: {side}" if side is not None else f"ends before line {number}"
                for side in (left, right)
            )
    return "", ""


def describe_any(event: Event | None) -> str:
    """An event in one line; a message by its first words."""
    if event is None:
        return ""
    content = getattr(event, "content", "")
    return describe(event) or one_line(f"{event.agent or 'task'}: {content}", 160)


def _gates(a: Transcript, b: Transcript) -> Iterator[tuple[int, str, str, str]]:
    said: list[dict[tuple[int, str], str]] = [
        {(gate.iteration, gate.name): _word(gate) for gate in log.gates()} for log in (a, b)
    ]
    for key in sorted({**said[0], **said[1]}):
        left, right = said[0].get(key, "-"), said[1].get(key, "-")
        if left != right:
            yield (*key, left, right)


def _word(gate: Gate) -> str:
    count = f" {len(gate.findings)}" if gate.findings else ""
    return f"{MARKS[gate.status]} {gate.status}{count}"


def _files(a: Transcript, b: Transcript) -> Iterator[tuple[str, str]]:
    left, right = _last_files(a), _last_files(b)
    for path in sorted({**left, **right}):
        if left.get(path) != right.get(path):
            yield path, "only in A" if path not in right else "only in B" if path not in left else "differs"


def _last_files(log: Transcript) -> dict[str, str]:
    commits = [shot.commit for shot in log.snapshots() if shot.commit]
    kept = log.history
    if kept is None or not commits:
        return {}
    try:
        return kept.files(commits[-1])
    except UsageError:
        return {}
