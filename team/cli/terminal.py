"""Terminal manners: what goes to stdout, what to stderr, and what Ctrl-C does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def results() -> Console:
    """Where results go: stdout, plain when it is no terminal or `NO_COLOR` is set."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def notices() -> Console:
    """Where everything else goes: stderr."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def clean(text: object) -> str:
    """Text that may come from a model or a generated file, made harmless to terminals."""
    from team.transcript.safe_text import plain

    return plain(str(text))


def print_json(value: Any) -> None:
    """One JSON object on stdout, whatever the terminal's width and encoding."""
    import json

    sys.stdout.write(json.dumps(value, ensure_ascii=True, indent=2) + "\n")


@contextmanager
def stdout_for_results() -> Iterator[None]:
    """While a session works, whatever libraries or their programs print to stdout lands on stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C (or SIGTERM) lets the session end in order; again ends it at once; a third time hard.

    Signals that were ignored when the program started, as under nohup, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    presses = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        if presses > 2:
            os._exit(130)
        if presses == 1:
            with suppress(OSError):
                os.write(2, b"\ndevteam: stopping; Ctrl-C again stops at once\n")
        raise KeyboardInterrupt

    numbers = [number for number in (signal.SIGINT, signal.SIGTERM) if not _ignored(number)]
    before = [(number, signal.signal(number, stop)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) in (signal.SIG_IGN, None)
