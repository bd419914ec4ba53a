"""Who said what, as lines for a terminal: one event after the other, long things as one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from team.steps import AUTHOR_STEPS, PLAN_STEPS, Step
from team.transcript.events import (
    Approval,
    Event,
    Execution,
    Gate,
    Message,
    ModelCall,
    Note,
    SessionEnded,
    SessionStarted,
    Snapshot,
    Verdict,
)
from team.transcript.line import COLOURS
from team.transcript.line import Line as Line
from team.transcript.outline import Damage
from team.transcript.safe_text import one_line, plain
from team.transcript.shorten import shorten_blocks
from team.transcript.wording import counted, describe

_WIDTH = 200
_PROSE = 24
_LONGEST = 200_000
_SHORT = Execution | Gate | Verdict | Snapshot | Approval | Note


Changes = dict[int, dict[str, tuple[int, int]]]
"""Lines added and removed, by iteration and path."""


def round_of(event: Event) -> int:
    """The iteration an event belongs to for a reader: what authors say counts to the turn it leads to."""
    step = getattr(event, "step", "")
    leads_on = step in AUTHOR_STEPS or step in PLAN_STEPS or step == Step.START
    return event.iteration + 1 if leads_on else max(event.iteration, 1)


def body(
    items: Iterable[Event | Damage],
    *,
    full: bool = False,
    changes: Changes | None = None,
    calls: bool = False,
) -> Iterator[Line]:
    """The lines of these events, in order, made as they are asked for.

    Args:
        items: events, and in place of lost ones what is wrong with their lines.
        full: whole messages with their code, command output and every finding; else code blocks are one line
            each, long prose is cut, and findings are the first three.
        changes: what changed in each iteration, shown with its snapshot.
        calls: model calls as well, with what was asked; else only the messages that came of them.
    """
    for item in items:
        if isinstance(item, Damage):
            yield Line(f"  lost: {one_line(str(item), _WIDTH)}", "yellow")
        elif isinstance(item, Message):
            yield from _message(item, full)
        elif isinstance(item, _SHORT):
            style = COLOURS[item.status] if isinstance(item, Gate) else "dim"
            yield Line(f"{_number(item)}{describe(item)}", style)
            yield from (Line(f"        {line}") for line in _details(item, full))
            if isinstance(item, Snapshot) and changes:
                yield from change_lines(changes.get(item.iteration, {}), indent="        ")
        elif isinstance(item, ModelCall):
            yield from _call(item, full) if calls else ()
        elif isinstance(item, SessionStarted | SessionEnded):
            yield from (Line(f"{_number(item)}{describe(item)}", "dim"),) if calls else ()
        else:
            yield Line(f"{_number(item)}{one_line(item.type, 60)}, which a newer version wrote", "dim")


def change_lines(changes: dict[str, tuple[int, int]], *, indent: str = "", most: int = 30) -> Iterator[Line]:
    """`app.py +12 −4` for each changed file."""
    for path, (added, removed) in sorted(changes.items())[:most]:
        numbers = " ".join([f"+{added}"] * bool(added) + [f"−{removed}"] * bool(removed)) or "binary or mode"
        yield Line(f"{indent}{one_line(path)} {numbers}")
    if len(changes) > most:
        yield Line(f"{indent}and {len(changes) - most} more", "dim")


def diff_lines(diff: str) -> Iterator[Line]:
    """A unified diff, each line in the colour of its kind."""
    for line in diff.splitlines():
        style = next((colour for mark, colour in _DIFF if line.startswith(mark)), "")
        yield Line(plain(line).replace("\n", " "), style)


_DIFF = (("diff ", "bold"), ("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))


def _message(event: Message, full: bool) -> Iterator[Line]:
    who = event.agent or "task"
    turn = f" · iteration {event.iteration}" if event.iteration else ""
    yield Line("")
    yield Line(
        one_line(f"── {who} · {event.step.replace('_', ' ')}{turn} · #{event.seq}", _WIDTH), "bold cyan"
    )
    yield from (Line(line) for line in _content(event.content, full))


def _call(event: ModelCall, full: bool) -> Iterator[Line]:
    yield Line(f"{_number(event)}{describe(event)}", "dim")
    for part in event.request:
        yield Line(one_line(f"── asked, {part.get('role', '')}", 60), "cyan")
        yield from (Line(line) for line in _content(part.get("content", ""), full))
    yield Line("── answered", "cyan")
    yield from (Line(line) for line in _content(str(event.answer.get("content", "")), full))


def _content(content: str, full: bool) -> Iterator[str]:
    if full:
        yield from plain(content).strip("\n").split("\n")
        return
    kept = content[:_LONGEST]
    lines = shorten_blocks(plain(kept)).strip("\n").split("\n")
    yield from (_cut(line) for line in lines[:_PROSE])
    lost = content.count("\n", _LONGEST) if len(content) > _LONGEST else 0
    if len(lines) > _PROSE or len(content) > _LONGEST:
        yield f"… {counted(max(1, len(lines) - _PROSE) + lost, 'more line')}: --full shows all"


def _cut(line: str) -> str:
    return line if len(line) <= 2 * _WIDTH else f"{line[: 2 * _WIDTH]}… ({len(line):,} letters)"


def _number(event: Event) -> str:
    return f"{'#' + str(event.seq):>6}  "


def _details(event: Event, full: bool) -> list[str]:
    if isinstance(event, Execution):
        return _run(event, full)
    findings = event.refused if isinstance(event, Snapshot) else getattr(event, "findings", ())
    shown = findings if full else findings[:3]
    lines = [one_line(str(finding), 1000 if full else 140) for finding in shown]
    more = len(findings) - len(shown)
    return [*lines, f"and {counted(more, 'finding')} more"] if more else lines


def _run(event: Execution, full: bool) -> list[str]:
    if full:
        return plain(f"{event.command.rstrip()}\n{event.output}").rstrip().split("\n")
    size = event.output.count("\n") + bool(event.output and not event.output.endswith("\n"))
    return [f"{one_line(event.command, 100)} → {counted(size, 'line')} of output"]
