"""The inspector: walk through a session in the terminal. Imported only by `show -i`: Textual is heavy."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, OptionList, RichLog, Static
from textual.widgets.option_list import Option

from team.cli.entries import Entry, entries, matches
from team.transcript.body import body
from team.transcript.head import opening_lines
from team.transcript.outline import Damage
from team.transcript.reader import Transcript

KEYS = """\
j k        next, previous event            J K    next, previous iteration
enter      open or close the event         /      search; enter keeps it, escape drops it
r          next role    t   next type      f      failures only
g G        first, last event               a      all events again
?          this help                       q      quit"""


class Help(ModalScreen[None]):
    """The keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,escape,q,enter", "dismiss", "close")]
    CSS = """
    Help { align: center middle }
    #keys { width: auto; height: auto; padding: 1 2; border: round $primary }
    """

    def compose(self) -> ComposeResult:
        """The one box."""
        yield Static(Text(KEYS), id="keys")


class Inspector(App[None]):
    """A list of events, and the open one beside it.

    Args:
        log: the session.
    """

    CSS = """
    #head { height: auto; padding: 0 1 }
    #search { display: none; height: 3 }
    #search.open { display: block }
    #events { height: 1fr; border: none }
    #event { height: 2fr; display: none; border-top: solid $primary; padding: 0 1 }
    #event.open { display: block }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "next"),
        Binding("k", "move(-1)", "previous"),
        Binding("J", "iteration(1)", "next iteration"),
        Binding("K", "iteration(-1)", "previous iteration", show=False),
        Binding("g", "first", "first", show=False),
        Binding("G", "last", "last", show=False),
        Binding("slash", "search", "search", key_display="/"),
        Binding("r", "next_role", "role"),
        Binding("t", "next_type", "type"),
        Binding("f", "failures", "failures"),
        Binding("a", "everything", "all"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("escape", "close", "close", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, log: Transcript) -> None:
        super().__init__()
        self.log_read = log
        self.role = self.kind = self.words = ""
        self.failed = False
        self._entries = entries(log)
        self._opening = [Text(line.text, style=line.style) for line in opening_lines(log)]
        self._shown: list[Entry] = []

    def compose(self) -> ComposeResult:
        """Verdict, search field, list, open event."""
        yield Static(id="head")
        with Vertical():
            yield Input(placeholder="search in everything that was said and found", id="search")
            yield OptionList(id="events")
            yield RichLog(id="event", wrap=True)
        yield Footer()

    def on_mount(self) -> None:
        """Fill the list."""
        self.refill()
        self.events.focus()

    @property
    def events(self) -> OptionList:
        """The list of events."""
        return self.query_one("#events", OptionList)

    @property
    def current(self) -> Entry | None:
        """The event that the cursor is on."""
        at = self.events.highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    @property
    def is_open(self) -> bool:
        """Whether an event is open."""
        return self.query_one("#event", RichLog).has_class("open")

    def refill(self) -> None:
        """Show the events that filters and search let through, and stay at the same one if it is there."""
        before = self.current
        chosen = [entry for entry in self._entries if self._wanted(entry)]
        self._shown = matches(self.log_read, chosen, self.words) if self.words else chosen
        self.events.clear_options()
        self.events.add_options([Option(Text(entry.line, style=entry.style)) for entry in self._shown])
        at = next((i for i, entry in enumerate(self._shown) if before and entry.row.seq >= before.row.seq), 0)
        self.events.highlighted = at if self._shown else None
        self.sub_title = f"{len(self._shown)} of {len(self._entries)} events"
        filters = (self.role, self.kind, "failures" if self.failed else "", self.words and f"/{self.words}")
        told = " · ".join(part for part in (self.sub_title, *filters) if part)
        self.query_one("#head", Static).update(Text("\n").join([*self._opening, Text(told, style="bold")]))

    def _wanted(self, entry: Entry) -> bool:
        return (
            self.role in ("", entry.row.agent)
            and self.kind in ("", entry.row.type)
            and (not self.failed or entry.failed)
        )

    def action_move(self, by: int) -> None:
        """Go to the next or the previous event."""
        if self._shown:
            at = (self.events.highlighted or 0) + by
            self.events.highlighted = max(0, min(len(self._shown) - 1, at))

    def action_iteration(self, by: int) -> None:
        """Go to the first event of the next or the previous iteration."""
        entry = self.current
        if entry is None:
            return
        numbers = sorted({other.round for other in self._shown})
        wanted = [number for number in numbers if (number > entry.round if by > 0 else number < entry.round)]
        if wanted:
            number = wanted[0] if by > 0 else wanted[-1]
            at = next(i for i, other in enumerate(self._shown) if other.round == number)
            self.events.highlighted = at

    def action_first(self) -> None:
        """Go to the first event."""
        self.action_move(-len(self._shown))

    def action_last(self) -> None:
        """Go to the last event."""
        self.action_move(len(self._shown))

    def action_search(self) -> None:
        """Open the search field."""
        field = self.query_one("#search", Input)
        field.add_class("open")
        field.focus()

    def action_next_role(self) -> None:
        """Only the events of the next role; after the last one, of all."""
        self.role = _after(self.role, [entry.row.agent for entry in self._entries])
        self.refill()

    def action_next_type(self) -> None:
        """Only the events of the next type; after the last one, of all."""
        self.kind = _after(self.kind, [entry.row.type for entry in self._entries])
        self.refill()

    def action_failures(self) -> None:
        """Only what failed, or everything again."""
        self.failed = not self.failed
        self.refill()

    def action_everything(self) -> None:
        """Drop every filter and the search."""
        self.role = self.kind = self.words = ""
        self.failed = False
        self.query_one("#search", Input).value = ""
        self.refill()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Help())

    def action_close(self) -> None:
        """Leave the search field, dropping the search, or close the open event."""
        field = self.query_one("#search", Input)
        if field.has_class("open"):
            field.remove_class("open")
            self.words = field.value = ""
            self.refill()
        else:
            self.query_one("#event", RichLog).remove_class("open")
        self.events.focus()

    @on(Input.Submitted, "#search")
    def _search(self, submitted: Input.Submitted) -> None:
        self.words = submitted.value.strip()
        self.query_one("#search", Input).remove_class("open")
        self.refill()
        self.events.focus()

    @on(OptionList.OptionSelected, "#events")
    def _toggle(self) -> None:
        self.query_one("#event", RichLog).toggle_class("open")
        self._show_current()

    @on(OptionList.OptionHighlighted, "#events")
    def _show_current(self) -> None:
        pane, entry = self.query_one("#event", RichLog), self.current
        if entry is None or not pane.has_class("open"):
            return
        pane.clear()
        for item in self.log_read.read_rows([entry.row]):
            for line in _opened(item):
                pane.write(line, scroll_end=False)
        pane.scroll_home(animate=False)


def _after(current: str, names: list[str]) -> str:
    """The name that follows, in order of appearance; empty after the last one."""
    known = [name for name in dict.fromkeys(names) if name]
    at = known.index(current) + 1 if current in known else 0
    return known[at] if at < len(known) else ""


def _opened(item: object) -> list[Text]:
    from team.transcript.events import Event

    if not isinstance(item, Event | Damage):
        return []
    return [Text(line.text, style=line.style) for line in body([item], full=True, calls=True)]
