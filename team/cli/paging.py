"""Where long pages go: through the user's pager on a terminal, straight to stdout elsewhere."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import IO, TYPE_CHECKING

from team.cli.table import colours_wanted, painted

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from team.transcript.line import Line


class Screen:
    """Prints rich's small tables and very many styled lines, each at once, to one stream."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def print(self, *parts: RenderableType) -> None:
        """Print what rich renders."""
        for part in parts:
            with self._console.capture() as printed:
                self._console.print(part, soft_wrap=isinstance(part, str) or hasattr(part, "plain"))
            # Written without rich, which ends the whole program when a pipe is closed.
            self._stream.write(printed.get())

    def lines(self, lines: Iterable[Line]) -> None:
        """Print styled lines, without rich's layout: it costs a millisecond a line."""
        for line in lines:
            self._stream.write(painted(line.text, line.style) + "\n")

    def flush(self) -> None:
        """Show what was printed so far."""
        self._stream.flush()

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        terminal = Console()  # looks at stdout and the environment
        coloured = colours_wanted()
        return Console(
            file=io.StringIO(),
            width=terminal.width if terminal.is_terminal else None,
            color_system=terminal.color_system if coloured else None,  # type: ignore[arg-type]
            force_terminal=coloured,
            highlight=False,
            markup=False,
            emoji=False,
        )


@contextlib.contextmanager
def paged(*, pager: bool = True) -> Iterator[Screen]:
    """A screen whose output is paged when stdout is a terminal, `pager` is set and a pager can be started.

    `PAGER` names it; empty or `cat` stands for none. Leaving it early ends the output.
    """
    command = _pager() if pager and sys.stdout.isatty() else []
    process = _started(command) if command else None
    if process is None or process.stdin is None:
        yield Screen(sys.stdout)
        return
    try:
        with contextlib.suppress(BrokenPipeError):
            yield Screen(process.stdin)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        _wait(process)


def _pager() -> list[str]:
    wanted = os.environ.get("PAGER", "less")
    command = shlex.split(wanted)
    return [] if command in ([], ["cat"]) or os.environ.get("TERM") == "dumb" else command


def _started(command: list[str]) -> subprocess.Popen[str] | None:
    # F: quit when it fits on one screen; R: colours; X: leave it on the screen.
    env = {"LESS": "FRX", "LV": "-c"} | dict(os.environ)
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, text=True, encoding="utf-8", env=env)
    except OSError:
        return None


def _wait(process: subprocess.Popen[str]) -> None:
    while True:
        try:
            process.wait()
        except KeyboardInterrupt:  # the pager's affair: it uses Ctrl-C itself
            continue
        return
