"""Readable on a phone, in the dark, by a screen reader and with keys alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

NewPage = Callable[..., "Page"]

CONTRASTS = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (css) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = css;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  let seen = 0;
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !node.checkVisibility() || /^(SCRIPT|STYLE|OPTION)$/.test(node.tagName)) continue;
    seen++;
    const [a, b] = [light(rgba(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${node.tagName}.${node.className}: ${ratio.toFixed(2)}`);
  }
  return { seen, poor: [...poor] };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_of_aa(new_page: NewPage, red_file: str, scheme: str) -> None:
    page = new_page(red_file, scheme=scheme)
    page.locator("#changes summary").first.click()
    page.locator("#e2 .opener").click()
    page.locator("#e2 .raw").click()
    page.locator("#failures").click()
    page.locator("#failures").click()
    found = page.evaluate(CONTRASTS)
    assert found["poor"] == []
    assert found["seen"] > 200


def test_dark_is_dark_and_the_button_goes_round(new_page: NewPage, red_file: str) -> None:
    page = new_page(red_file, scheme="dark")

    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert ground() == "rgb(21, 23, 26)"
    page.get_by_role("button", name="Theme: system").click()
    assert ground() == "rgb(252, 252, 251)"
    page.keyboard.press("t")
    assert ground() == "rgb(21, 23, 26)"
    expect(page.locator("#theme")).to_have_text("Theme: dark")


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_phone(
    new_page: NewPage, red_file: str, hostile_file: str, width: int
) -> None:
    for address in (red_file, hostile_file):
        page = new_page(address, width=width, height=700)
        page.evaluate("document.querySelectorAll('summary, .opener, .raw').forEach((each) => each.click())")
        page.get_by_role("button", name="Filter", exact=True).click()
        expect(page.locator("#roles")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator(".outcome").bounding_box()["width"] <= width  # type: ignore[index]


def test_every_control_has_a_name_and_every_list_its_role(new_page: NewPage, red_file: str) -> None:
    page = new_page(red_file)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, [role=group], table, section")]
          .filter((node) => !node.ariaLabel && !node.textContent.trim())
          .filter((node) => !node.ariaLabelledByElements?.length)
          .map((node) => node.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("banner")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("search")).to_have_count(1)
    expect(page.get_by_role("feed")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("table", name="What each gate said in each iteration")).to_be_visible()
    first = page.get_by_role("article").first
    assert (first.get_attribute("aria-posinset"), first.get_attribute("aria-setsize")) == ("1", "97")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_results_of_a_filter_are_announced(new_page: NewPage, red_file: str) -> None:
    page = new_page(red_file)
    page.get_by_role("button", name="Failures").click()
    expect(page.get_by_role("status")).to_have_text("22 of 97 events")


def test_tab_goes_in_the_order_of_the_page_and_shows_where_it_is(new_page: NewPage, red_file: str) -> None:
    page = new_page(red_file)
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") in ("solid", "auto")
    assert reached[:4] == ["skip", "theme", "help-button", "scroller"]


def test_the_skip_link_leads_to_the_conversation(new_page: NewPage, red_file: str) -> None:
    page = new_page(red_file)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#conversation")).to_be_focused()


def test_nothing_moves_for_those_who_asked_for_that(new_page: NewPage, red_file: str) -> None:
    page = new_page(red_file)
    assert page.evaluate("document.getAnimations().length") == 0
