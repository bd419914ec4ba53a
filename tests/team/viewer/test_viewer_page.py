"""The page of a session in a real browser: what is seen first, filters, search, links and keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

NewPage = Callable[..., "Page"]


@pytest.fixture
def page(new_page: NewPage, red_file: str) -> Page:
    return new_page(red_file)


def current(page: Page) -> Locator:
    return page.locator("article.current")


def in_view(page: Page, selector: str) -> bool:
    return bool(
        page.evaluate(
            "(s) => { const r = document.querySelector(s)?.getBoundingClientRect();"
            " return Boolean(r) && r.top >= 0 && r.top < innerHeight; }",
            selector,
        )
    )


def test_the_verdict_and_its_reason_come_first(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("Bank ledger")
    expect(page.locator(".outcome")).to_have_text(
        re.compile("rejected.*the iterations are used up and a gate is still red: tests")
    )
    assert in_view(page, ".outcome")


def test_cost_time_and_tokens_are_told_by_role(page: Page) -> None:
    developer = page.locator(".roles tr", has_text="developer")
    expect(developer).to_have_text(re.compile(r"developer8.*20,280.*3,360.*\$0\.1000"))
    expect(page.locator(".figures")).to_contain_text("$0.1100")


def test_the_grid_has_a_cell_for_each_gate_and_iteration_that_leads_to_its_event(page: Page) -> None:
    cells = page.locator(".grid td a")
    expect(cells).to_have_count(6 * 8)
    cell = page.get_by_role("link", name=re.compile("lint, iteration 4: fails, 1 finding"))
    cell.click()
    expect(current(page)).to_contain_text("undefined name 'Decimal'")
    expect(current(page)).to_have_attribute("id", cell.get_attribute("href")[1:])  # type: ignore[index]


def test_a_diff_is_one_line_until_it_is_opened(page: Page) -> None:
    file = page.locator("#changes details", has_text="ledger.py").first
    expect(file.locator("summary")).to_have_text("ledger.py +22")
    expect(file.locator(".line")).to_have_count(0)
    file.locator("summary").click()
    expect(file.locator(".line.add").first).to_have_text("+class Ledger:")


def test_the_diff_of_one_iteration_can_be_chosen(page: Page) -> None:
    page.locator("#diff-of").select_option("4")
    file = page.locator("#changes details")
    expect(file).to_have_count(1)
    expect(file.locator("summary")).to_have_text("ledger.py +3 −1")
    file.locator("summary").click()
    expect(file.locator(".line.del")).to_have_text(["-    limit = 3"])


def test_code_in_a_message_is_one_line_until_it_is_opened(page: Page) -> None:
    block = page.locator("article.type-message details", has_text="test_ledger.py").first
    expect(block.locator("summary")).to_have_text("test_ledger.py +40")
    block.locator("summary").click()
    expect(block.locator(".code")).to_contain_text("# filename: test_ledger.py")


def test_a_new_failure_names_the_message_that_brought_it(page: Page) -> None:
    page.get_by_role("link", name=re.compile("lint, iteration 1: fails")).click()
    expect(current(page)).to_contain_text("1 new finding came with event 7 of developer")
    current(page).get_by_role("link", name="event 7").click()
    expect(current(page)).to_have_attribute("id", "e7")
    expect(current(page)).to_contain_text("Brought lint in iteration 1 (1 new finding), tests in iteration 1")


def test_role_type_gate_and_failure_narrow_together(page: Page) -> None:
    count = page.locator("#count")
    expect(count).to_have_text("97 events")
    page.get_by_role("button", name=re.compile("^developer")).click()
    expect(count).to_have_text("24 of 97 events")
    page.locator("#type").select_option("snapshot")
    expect(count).to_have_text("8 of 97 events")
    page.get_by_role("button", name="show all", exact=True).click()
    page.locator("#gate").select_option("lint")
    expect(count).to_have_text("8 of 97 events")
    page.get_by_role("button", name="Failures").click()
    expect(count).to_have_text("4 of 97 events")
    expect(page.locator("article")).to_have_count(4)


def test_search_finds_words_in_parts_that_are_not_drawn(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("nameerror")
    expect(page.locator("#count")).to_have_text("1 of 97 events")
    expect(page.locator("article mark")).to_have_text("NameError")
    page.keyboard.press("Escape")
    expect(page.locator("#count")).to_have_text("97 events")


def test_quotes_keep_words_of_a_search_together(page: Page) -> None:
    page.fill("#search", '"attempt 4: the"')
    expect(page.locator("#count")).to_have_text("2 of 97 events")
    page.fill("#search", '"the attempt"')
    expect(page.locator("#feed")).to_have_text("No event matches.")


@pytest.mark.parametrize("name", ["#e47", "#seq-47"])
def test_an_address_leads_to_an_event(new_page: NewPage, red_file: str, name: str) -> None:
    page = new_page(red_file + name)
    expect(current(page)).to_have_attribute("id", "e47")
    expect(current(page)).to_be_focused()
    assert in_view(page, "#e47")


def test_an_address_takes_back_a_filter_that_hides_its_event(page: Page) -> None:
    page.locator("#type").select_option("verdict")
    page.evaluate("location.hash = '#e1'")
    expect(current(page)).to_have_attribute("id", "e1")
    expect(page.locator("#count")).to_have_text("97 events")


def test_keys_walk_events_and_iterations(page: Page) -> None:
    page.evaluate("location.hash = '#e3'")
    expect(current(page)).to_have_attribute("id", "e3")
    for key, event in (("j", "e4"), ("k", "e3"), ("J", "e17"), ("J", "e28"), ("K", "e17")):
        page.keyboard.press(key)
        expect(current(page)).to_have_attribute("id", event)
        assert in_view(page, f"#{event}")
    page.keyboard.press("G")
    expect(current(page)).to_have_attribute("id", "e96")
    page.keyboard.press("g")
    assert page.evaluate("scrollY") == 0


def test_keys_open_an_event_its_json_failures_and_the_list_of_keys(page: Page) -> None:
    page.evaluate("location.hash = '#e2'")
    expect(current(page)).to_have_attribute("id", "e2")
    page.keyboard.press("Enter")
    expect(current(page).locator(".more")).to_contain_text("asked as system")
    page.keyboard.press("r")
    expect(current(page).locator(".raw-json")).to_contain_text('"type": "model_call"')
    page.keyboard.press("f")
    expect(page.locator("#failures")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#failures")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next, previous iteration")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_keys_in_the_search_field_are_letters(page: Page) -> None:
    page.locator("#search").focus()
    page.keyboard.type("jk?")
    assert page.locator("#search").input_value() == "jk?"
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_raw_json_is_one_click_away_and_whole(page: Page) -> None:
    page.get_by_role("button", name="Raw JSON of event 44").click()
    raw = page.locator("#e44 .raw-json .code")
    assert page.evaluate("(text) => JSON.parse(text).findings[0].rule", raw.inner_text()) == "F821"


def test_a_long_session_is_drawn_in_parts(
    new_page: NewPage, write_html: Callable[[Path], str], tmp_path: Path
) -> None:
    from support.transcripts import long_session, write_log

    page = new_page(write_html(write_log(tmp_path / "long", long_session(2000, 400_000))) + "#e1500")
    expect(current(page)).to_have_attribute("id", "e1500")
    assert page.locator("article").count() < 700
    page.fill("#search", '"note 4"')
    expect(page.locator("#count")).to_have_text("1 of 2,000 events")
    page.get_by_role("button", name="show all", exact=True).click()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("G")
    expect(current(page)).to_have_attribute("id", "e1999")


def test_without_any_event_the_page_says_so(
    new_page: NewPage, write_html: Callable[[Path], str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "transcript.jsonl").touch()
    page = new_page(write_html(tmp_path / "empty"))
    expect(page.locator("#ending")).to_have_text("Nothing was recorded.")
