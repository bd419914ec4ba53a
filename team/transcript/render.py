"""The table of sessions for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from team.transcript.reader import Transcript
from team.transcript.safe_text import one_line
from team.transcript.wording import COLOURS, money, short

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions

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
