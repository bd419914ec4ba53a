"""Live progress on a terminal: what happened, and below it what is going on."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from team.transcript.events import Event, Gate, ModelCall, SessionEnded
from team.transcript.safe_text import one_line
from team.transcript.wording import COLOURS, describe, money, short

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text


class LiveProgress:
    """An observer that prints a line for each event, and a spinner with the state and the totals.

    On a terminal it does both. Elsewhere it is silent, unless `verbose` asks for the lines. A stream that is
    gone, such as a closed pipe, silences it.

    Args:
        console: where to print: stderr by default, because stdout is for results.
        verbose: print the lines even where there is no terminal.
    """

    def __init__(self, console: Console | None = None, *, verbose: bool = False) -> None:
        from rich.console import Console

        self._console = console or Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._prints = verbose or self._console.is_terminal
        self._status: Status | None = None
        self._doing = ""
        self._iteration = self._tokens = 0
        self._cost: float | None = 0.0
        self._began = time.monotonic()
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status(self)
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Without the spinner, for as long as somebody else uses the terminal, such as to ask a question."""
        if self._status is not None:
            self._status.stop()
        try:
            yield
        finally:
            if self._status is not None:
                self._status.start()

    def on_event(self, event: Event) -> None:
        """Print the event and count it."""
        with self._turn:
            self._count(event)
            line = describe(event)
            if line and self._prints and not isinstance(event, SessionEnded):
                self._print(line, COLOURS.get(event.status, "") if isinstance(event, Gate) else "")

    def on_status(self, text: str) -> None:
        """Show what is going on."""
        with self._turn:
            self._doing = one_line(text, 70)

    def _count(self, event: Event) -> None:
        self._iteration = max(self._iteration, event.iteration)
        if isinstance(event, ModelCall):
            self._tokens += event.prompt_tokens + event.completion_tokens
            known = self._cost is not None and event.cost_usd is not None
            self._cost = (self._cost or 0.0) + (event.cost_usd or 0.0) if known else None

    def _print(self, line: str, style: str) -> None:
        from rich.text import Text

        if self._status is not None:
            self._console.print(Text(line, style=style), soft_wrap=True)
            return
        # Written without rich, which ends the whole program when a pipe is closed.
        try:
            self._console.file.write(f"{line}\n")
            self._console.file.flush()
        except OSError:
            self._prints = False

    def __rich__(self) -> Text:
        """The spinner's text, asked for at every frame, so that the seconds count on."""
        from rich.text import Text

        parts = [
            f"iteration {self._iteration}" if self._iteration else "",
            self._doing,
            f"{short(self._tokens)} tokens" if self._tokens else "",
            f"{money(self._cost)} USD" if self._cost else "",
            f"{time.monotonic() - self._began:.0f} s",
        ]
        return Text(" · ".join(part for part in parts if part))
