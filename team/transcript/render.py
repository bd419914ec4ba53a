"""Pages for the terminal: the table of sessions, and one session from its verdict to what was said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from team.transcript.events import Approval, Event, Execution, Gate, Message, Note, Snapshot, Verdict
from team.transcript.reader import Transcript
from team.transcript.safe_text import one_line, plain
from team.transcript.shorten import shorten_blocks
from team.transcript.wording import COLOURS, MARKS, counted, describe, money, short

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

_ROOMY = 100
_COLUMNS = 12
_FILES = 30


class SessionTable:
    """One row for each session: id, status, iterations, calls, tokens, cost; with room: when and what."""

    def __init__(self, sessions: Iterable[Transcript]) -> None:
        self._sessions = list(sessions)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table]:
        roomy = options.max_width >= _ROOMY
        table = _table()
        table.padding = (0, 2 if roomy else 1, 0, 0)
        for name in ("session", "status"):
            table.add_column(name, no_wrap=True)
        for name in ("rounds", "calls", "tokens", "USD"):
            table.add_column(name, justify="right", no_wrap=True)
        for name in ("when", "what") if roomy else ():
            table.add_column(name, no_wrap=name == "when")
        for session in self._sessions:
            cells = _cells(session)
            table.add_row(*(cells if roomy else cells[:6]))
        yield table


def session_table(sessions: Iterable[Transcript]) -> SessionTable:
    """The table of sessions, in the order given; ids stay whole in 80 columns."""
    return SessionTable(sessions)


def _cells(session: Transcript) -> list[str | Text]:
    told = session.summary
    totals = _dict(told.get("totals"))
    tokens = _number(totals.get("prompt_tokens")) + _number(totals.get("completion_tokens"))
    title = str(told.get("title") or "")
    what = one_line(f"{told.get('kind', '?')}{': ' if title else ''}{title}", 60)
    return [
        Text(one_line(session.folder.name, 80)),
        _status(told),
        str(_number(totals.get("iterations"))),
        str(_number(totals.get("calls"))),
        short(tokens),
        _cost(totals),
        Text(session.when),
        Text(what, no_wrap=True, overflow="ellipsis"),
    ]


def session_page(session: Transcript, *, verbose: bool = False) -> RenderableType:
    """A session: verdict and reason, gates by iteration, files, cost, then who said what.

    Args:
        session: what to show.
        verbose: whole messages with their code, command output and every finding; else code blocks are
            shortened to one line and findings to the first three.
    """
    parts: list[RenderableType] = [*_head(session)]
    for title, part in (
        ("gates", _gate_grid(session)),
        ("files", _file_table(session)),
        ("models", _cost_table(session)),
    ):
        if part is not None:
            parts += [Text(), Text(title, style="bold"), part]
    for event in session.events():
        parts += _said(event, verbose)
    return Group(*parts)


def _head(session: Transcript) -> Iterator[Text]:
    told = session.summary
    yield Text.assemble(_status(told), f" — {one_line(str(told.get('message') or 'not finished'), 500)}")
    title = one_line(str(told.get("title") or ""), 200)
    yield Text(f"{told.get('kind', '?')}{': ' if title else ''}{title}")
    model = one_line(str(_dict(told.get("config")).get("model") or "model not named"))
    sandbox = one_line(str(told.get("sandbox") or "no sandbox"))
    yield Text(f"{session.when} · {model} · {sandbox}", style="dim")
    yield Text(plain(str(session.folder)), style="dim")
    for lost in session.damage[:5]:
        yield Text(f"damaged log, {one_line(lost)}", style="yellow")
    if len(session.damage) > 5:
        yield Text(f"damaged log, and {len(session.damage) - 5} more", style="yellow")


def _gate_grid(session: Transcript) -> Table | None:
    gates = session.gates()
    iterations = sorted({gate.iteration for gate in gates})[-_COLUMNS:]
    if not iterations:
        return None
    cells = {(gate.name, gate.iteration): gate for gate in gates}
    table = _table()
    table.add_column("")
    for iteration in iterations:
        table.add_column(str(iteration), justify="right")
    for name in dict.fromkeys(gate.name for gate in gates):
        table.add_row(Text(one_line(name, 30)), *(_cell(cells.get((name, number))) for number in iterations))
    return table


def _cell(gate: Gate | None) -> Text:
    if gate is None:
        return Text("")
    count = str(len(gate.findings)) if gate.findings else ""
    return Text(f"{MARKS[gate.status]}{count}", style=COLOURS[gate.status])


def _file_table(session: Transcript) -> Table | None:
    changes = session.changes()
    if not changes:
        return None
    table = _table()
    for justify in ("left", "right", "right"):
        table.add_column(justify=justify)
    table.show_header = False
    for path, (added, removed) in sorted(changes.items())[:_FILES]:
        row = Text(f"+{added}", style="green"), Text(f"-{removed}" if removed else "", style="red")
        table.add_row(Text(one_line(path)), *row)
    if len(changes) > _FILES:
        table.add_row(Text(f"and {len(changes) - _FILES} more", style="dim"))
    return table


def _cost_table(session: Transcript) -> Table | None:
    costs = session.cost(by="role")
    if not costs:
        return None
    table = _table()
    table.add_column("")
    for name in ("calls", "tokens in", "out", "USD"):
        table.add_column(name, justify="right")
    for role, usage in costs.items():
        tokens = short(usage.prompt_tokens), short(usage.completion_tokens)
        table.add_row(Text(one_line(role, 30)), str(usage.calls), *tokens, money(usage.cost_usd))
    return table


def _said(event: Event, verbose: bool) -> list[RenderableType]:
    if isinstance(event, Message):
        who = event.agent or "task"
        head = f"── {who} · {event.step.replace('_', ' ')}"
        head += f" · iteration {event.iteration}" if event.iteration else ""
        content = plain(event.content)
        body = content if verbose else shorten_blocks(content)
        return [Text(), Text(one_line(head), style="bold cyan"), Text(body.strip("\n"))]
    if not isinstance(event, Execution | Gate | Verdict | Snapshot | Approval | Note):
        return []
    line = Text(f"  {describe(event)}", style=COLOURS[event.status] if isinstance(event, Gate) else "dim")
    return [line, *(Text(f"    {detail}") for detail in _details(event, verbose))]


def _details(event: Event, verbose: bool) -> list[str]:
    if isinstance(event, Execution) and verbose:
        return plain(f"{event.command.rstrip()}\n{event.output}").rstrip().split("\n")
    findings = event.refused if isinstance(event, Snapshot) else getattr(event, "findings", ())
    shown = findings if verbose else findings[:3]
    lines = [one_line(str(finding), 1000 if verbose else 140) for finding in shown]
    return lines + (
        [f"and {counted(len(findings) - 3, 'finding')} more"] if len(findings) > len(shown) else []
    )


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def _status(told: dict[str, Any]) -> Text:
    status = one_line(str(told.get("status") or "?"), 20)
    return Text(status, style=f"bold {COLOURS.get(status, 'default')}")


def _cost(totals: dict[str, Any]) -> str:
    cost = totals.get("cost_usd")
    return money(float(cost)) if isinstance(cost, int | float) else "?"


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
