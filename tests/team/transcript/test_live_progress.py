import contextlib
import io
import os

from rich.console import Console
from sample_session import conversation

from team.transcript.events import Note
from team.transcript.live import LiveProgress


def watch(progress: LiveProgress) -> None:
    with progress:
        for event in conversation():
            progress.on_status("gate tests")
            progress.on_event(event)


def test_terminal_shows_lines_and_state() -> None:
    stream = io.StringIO()
    watch(LiveProgress(Console(file=stream, force_terminal=True, width=100)))
    text = stream.getvalue()
    for part in (
        "developer: code (100 → 20 tokens",
        "✗ lint",
        "code_reviewer: review: approve",
        "iteration 2 ·",
    ):
        assert part in text


def test_silent_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    watch(LiveProgress(Console(file=stream, force_terminal=False)))
    assert stream.getvalue() == ""


def test_verbose_prints_one_line_per_event_anywhere() -> None:
    stream = io.StringIO()
    watch(LiveProgress(Console(file=stream, force_terminal=False, width=40), verbose=True))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 11, "all but two messages and the ending, which the command tells itself"
    assert "\x1b" not in stream.getvalue()


def test_hostile_text_cannot_steer_the_terminal() -> None:
    stream = io.StringIO()
    progress = LiveProgress(Console(file=stream, force_terminal=False), verbose=True)
    progress.on_event(Note(text="\x1b]0;title\x07[bold]x[/bold]\nforged: line"))
    assert stream.getvalue() == "note: [bold]x[/bold] forged: line\n"


def test_closed_pipe_silences_and_breaks_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    progress = LiveProgress(Console(file=stream, force_terminal=False), verbose=True)
    progress.on_event(Note(text="one"))
    progress.on_event(Note(text="two"))
    with contextlib.suppress(BrokenPipeError):
        stream.close()


def test_paused_leaves_the_terminal_to_others() -> None:
    stream = io.StringIO()
    with LiveProgress(Console(file=stream, force_terminal=True)) as progress:
        with progress.paused():
            before = stream.getvalue()
            progress.on_status("waiting")
            assert stream.getvalue() == before
        progress.on_event(Note(text="on again"))
    assert "on again" in stream.getvalue()
