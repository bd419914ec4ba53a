"""What a person sees first of a session: verdict and reason, gates by iteration, files, cost by role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from team.errors import UsageError
from team.transcript.body import change_lines
from team.transcript.events import Gate
from team.transcript.line import COLOURS, MARKS, Line
from team.transcript.numbers import money, short
from team.transcript.reader import Transcript
from team.transcript.safe_text import one_line
from team.transcript.standing import verdict_lines

if TYPE_CHECKING:
    from rich.console import RenderableType

COLUMNS = 12
"""So many iterations have a column in the grid of gates: the newest."""
_DAMAGE = 5


def opening_lines(session: Transcript) -> Iterator[Line]:
    """The verdict with its reason, what was asked for, by whom, and what the log lost at first sight."""
    yield from verdict_lines(session.folder, session.summary, session.when)
    yield from damage_lines(session)


def damage_lines(session: Transcript) -> Iterator[Line]:
    """What the log lost at first sight, the first of it in full."""
    damage = session.outline.damage
    for lost in damage[:_DAMAGE]:
        yield Line(f"damaged log, {one_line(str(lost), 200)}", "yellow")
    if len(damage) > _DAMAGE:
        yield Line(f"damaged log, and {len(damage) - _DAMAGE} more", "yellow")


def summary_parts(session: Transcript) -> Iterator[RenderableType]:
    """Titled: the grid of gates, the changed files, and what the models cost, as far as there are any."""
    for title, part in (
        ("gates", gate_grid(session)),
        ("files", file_list(session)),
        ("models", cost_table(session)),
    ):
        if part is not None:
            yield from (Text(), Text(title, style="bold"), part)


def gate_grid(session: Transcript) -> Table | None:
    """Gates × iterations: a mark, and how many findings; None where no gate ran."""
    rows = [row for row in session.outline.rows if row.type == "gate"]
    numbers = sorted({row.iteration for row in rows})
    shown = numbers[-COLUMNS:]
    if not shown:
        return None
    read = session.read_rows(row for row in rows if row.iteration >= shown[0])
    gates = [item for item in read if isinstance(item, Gate)]
    cells = {(gate.name, gate.iteration): gate for gate in gates}
    table = plain_table()
    table.add_column(f"{len(numbers) - len(shown)} earlier" if len(numbers) > len(shown) else "")
    for number in shown:
        table.add_column(str(number), justify="right")
    for name in dict.fromkeys(gate.name for gate in gates):
        table.add_row(Text(one_line(name, 30)), *(_cell(cells.get((name, number))) for number in shown))
    return table


def file_list(session: Transcript) -> Text | None:
    """The final diff as one line for each file; None where nothing changed or no history was kept."""
    try:
        changes = session.changes()
    except UsageError as lost:
        return Text(one_line(str(lost)), style="yellow")
    lines = list(change_lines(changes))
    return Text("\n").join(Text(line.text, style=line.style) for line in lines) if lines else None


def cost_table(session: Transcript) -> Table | None:
    """Calls, tokens, dollars and seconds of waiting by role; None where no model was asked."""
    tallies = session.tallies()
    if not tallies:
        return None
    table = plain_table()
    table.add_column("")
    for name in ("calls", "tokens in", "out", "USD", "seconds"):
        table.add_column(name, justify="right")
    for role, tally in tallies.items():
        tokens = short(tally.prompt_tokens), short(tally.completion_tokens)
        cells = str(tally.calls), *tokens, money(tally.cost_usd), f"{tally.seconds:.1f}"
        table.add_row(Text(one_line(role, 30)), *cells)
    return table


def plain_table() -> Table:
    """A table without borders."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def _cell(gate: Gate | None) -> Text:
    if gate is None:
        return Text("")
    count = str(len(gate.findings)) if gate.findings else ""
    return Text(f"{MARKS[gate.status]}{count}", style=COLOURS[gate.status])
