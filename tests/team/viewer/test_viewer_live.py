"""`devteam view`: the list of sessions, and a session that goes on while it is looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.transcripts import write_small_session
from viewer_sessions import RED

from team.gates.base import Finding
from team.transcript.events import Gate, Message, SessionEnded, SessionStarted
from team.transcript.store import SessionLog

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

NewPage = Callable[..., "Page"]
AT_END = "scrollY + innerHeight >= document.documentElement.scrollHeight - 120"


@pytest.fixture
def running(sessions: Path) -> Iterator[SessionLog]:
    """A session that somebody works on, with enough said to scroll."""
    folder = sessions / "20260103-010101-at-work-cafe"
    for old in folder.glob("*"):
        old.unlink()
    with SessionLog.create(folder) as log:
        log.summarize({"session": folder.name, "status": "running", "title": "At work"})
        log.record(SessionStarted(kind="run", spec={}, config={}))
        for number in range(30):
            say(log, number)
        yield log


def say(log: SessionLog, number: int) -> None:
    log.record(Message(agent="developer", step="code", content=f"word {number}\n\nand more"))


def test_the_list_tells_what_became_of_each_session(new_page: NewPage, viewer: str, sessions: Path) -> None:
    write_small_session(sessions / "20260101-000000-task-0001", 1)
    page = new_page(viewer)
    expect(page.locator("a.session")).to_have_count(3)
    expect(page.locator("a.session").last).to_have_text(re.compile("accepted.*task number 1.*1 iteration"))
    page.keyboard.press("/")
    page.keyboard.type("ledger")
    expect(page.locator("#count")).to_have_text("1 of 3 sessions")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="accepted", exact=True).click()
    expect(page.locator("#count")).to_have_text("1 of 3 sessions")


def test_the_list_leads_to_a_session_and_back(new_page: NewPage, viewer: str) -> None:
    page = new_page(viewer)
    page.locator("a.session", has_text="ledger").click()
    expect(page.locator("h1")).to_have_text("Bank ledger")
    expect(page.locator("#count")).to_have_text("97 events")
    page.locator("#diff-of").select_option("4")
    page.locator("#changes summary").click()
    expect(page.locator("#changes .line.del")).to_have_text(["-    limit = 3"])
    page.get_by_role("link", name="devteam").click()
    expect(page.locator("h1")).to_have_text("Sessions")


def test_a_link_to_an_event_works_live(new_page: NewPage, viewer: str) -> None:
    page = new_page(f"{viewer}s/{RED}#e47")
    expect(page.locator("article.current")).to_have_attribute("id", "e47")
    expect(page.locator("#e47")).to_be_in_viewport()


def test_a_running_session_is_followed_until_somebody_scrolls_up(
    new_page: NewPage, viewer: str, running: SessionLog
) -> None:
    page = new_page(f"{viewer}s/{running.session}", height=600)
    expect(page.locator("#count")).to_have_text("31 events")
    expect(page.locator("#follow")).to_be_hidden()
    say(running, 100)
    expect(page.get_by_text("word 100")).to_be_in_viewport()

    page.mouse.move(300, 300)
    page.mouse.wheel(0, -900)
    expect(page.locator("#follow")).to_be_visible()
    before = page.evaluate("scrollY")
    say(running, 101)
    expect(page.locator("#count")).to_have_text("33 events")
    expect(page.locator("#follow")).to_have_text("Follow: 1 new event")
    assert page.evaluate("scrollY") == before

    page.locator("#follow").click()
    expect(page.get_by_text("word 101")).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#follow")).to_be_visible()
    page.keyboard.press("G")
    expect(page.locator("#follow")).to_be_hidden()
    assert page.evaluate(AT_END)


def test_gates_and_the_ending_appear_by_themselves(
    new_page: NewPage, viewer: str, running: SessionLog
) -> None:
    page = new_page(f"{viewer}s/{running.session}")
    expect(page.locator(".outcome")).to_have_text(re.compile("running"))
    expect(page.locator("#ending")).to_have_text("At work; new events appear here.")
    found = (Finding(file="a.py", line=1, rule="F821", message="undefined"),)
    running.record(Gate(agent="executor", iteration=1, name="lint", status="fail", findings=found))
    expect(page.get_by_role("link", name=re.compile("lint, iteration 1: fails, 1 finding"))).to_be_visible()
    running.record(SessionEnded(iteration=1, status="stopped", reason="stuck", message="it was stuck"))
    expect(page.locator(".outcome")).to_have_text(re.compile("stopped.*it was stuck"))
    expect(page.locator("#follow")).to_be_hidden()


def test_a_page_written_meanwhile_says_that_it_was_not_the_end(
    new_page: NewPage, write_html: Callable[[Path], str], running: SessionLog
) -> None:
    page = new_page(write_html(running.folder))
    expect(page.locator("#ending")).to_have_text("It was still at work when this page was written.")
    expect(page.locator("#follow")).to_be_hidden()


def test_new_events_that_a_filter_hides_stay_hidden(
    new_page: NewPage, viewer: str, running: SessionLog
) -> None:
    page = new_page(f"{viewer}s/{running.session}")
    page.fill("#search", '"word 7"')
    expect(page.locator("#count")).to_have_text("1 of 31 events")
    say(running, 7)
    say(running, 8)
    expect(page.locator("#count")).to_have_text("2 of 33 events")
