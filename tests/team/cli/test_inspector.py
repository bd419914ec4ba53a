"""The inspector under Textual's pilot: real keys in a terminal that is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.transcripts import hostile_session, long_session, write_log
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, RichLog

from team.cli.inspector import Help, Inspector
from team.transcript import Transcript

TURNS = 5
Walk = Callable[[Inspector, Pilot[None]], Awaitable[None]]


@pytest.fixture
def log(tmp_path: Path) -> Transcript:
    return Transcript(write_log(tmp_path / "20260102-030405-walk-beef", long_session(TURNS * 11 + 3, 20_000)))


def walk(log: Transcript, steps: Walk) -> None:
    async def run() -> None:
        app = Inspector(log)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            await steps(app, pilot)

    asyncio.run(run())


def seq(app: Inspector) -> int:
    assert app.current is not None
    return app.current.row.seq


def test_j_and_k_walk_through_events_and_upper_case_through_iterations(log: Transcript) -> None:
    async def steps(app: Inspector, pilot: Pilot[None]) -> None:
        assert seq(app) == 0
        await pilot.press("j", "j", "j", "k")
        assert seq(app) == 2
        await pilot.press("J")
        assert app.current is not None and (app.current.round, seq(app)) == (2, 13)
        await pilot.press("J", "J", "K")
        assert app.current.round == 3
        await pilot.press("G")
        assert seq(app) == TURNS * 11 + 2
        await pilot.press("g")
        assert seq(app) == 0

    walk(log, steps)


def test_enter_opens_and_closes_an_event(log: Transcript) -> None:
    async def steps(app: Inspector, pilot: Pilot[None]) -> None:
        await pilot.press("j", "j", "enter")
        await pilot.pause()
        opened = app.query_one("#event", RichLog)
        assert app.is_open
        text = "\n".join(strip.text for strip in opened.lines)
        assert "asked, system" in text and "Attempt 1." in text and "needle" in text
        await pilot.press("j")
        await pilot.pause()
        assert "asked, system" not in "\n".join(strip.text for strip in opened.lines)
        await pilot.press("escape")
        assert not app.is_open

    walk(log, steps)


def test_search_finds_words_in_whole_events(log: Transcript) -> None:
    async def steps(app: Inspector, pilot: Pilot[None]) -> None:
        everything = app.query_one("#events", OptionList).option_count
        await pilot.press("slash", *"Name 'y3'", "enter")
        await pilot.pause()
        assert app.query_one("#events", OptionList).option_count == 1
        assert app.current is not None and (app.current.row.type, app.current.round) == ("gate", 3)
        await pilot.press("slash")
        assert app.query_one("#search", Input).has_focus
        await pilot.press("escape")
        await pilot.pause()
        assert app.query_one("#events", OptionList).option_count == everything

    walk(log, steps)


def test_filters_by_role_type_and_failure(log: Transcript) -> None:
    async def steps(app: Inspector, pilot: Pilot[None]) -> None:
        count = app.query_one("#events", OptionList)
        await pilot.press("f")
        assert count.option_count == TURNS - 1
        await pilot.press("f", "r")
        assert app.role == "developer" and count.option_count == TURNS * 3
        await pilot.press("a", "t", "t")
        assert app.kind == "message"
        await pilot.press("a")
        assert count.option_count == TURNS * 11 + 3

    walk(log, steps)


def test_a_question_mark_shows_the_keys(log: Transcript) -> None:
    async def steps(app: Inspector, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        await pilot.press("escape")
        assert not isinstance(app.screen, Help)
        await pilot.press("q")

    walk(log, steps)


def test_hostile_text_is_inert(tmp_path: Path) -> None:
    log = Transcript(write_log(tmp_path / "hostile", hostile_session(giant=200_000)))

    async def steps(app: Inspector, pilot: Pilot[None]) -> None:
        for _ in range(11):
            await pilot.press("enter")
            await pilot.pause()
            text = "".join(strip.text for strip in app.query_one("#event", RichLog).lines)
            assert not set(text) & set("\x1b\x07\x9b\x00\u202e\u2066")
            await pilot.press("enter", "j")

    walk(log, steps)
