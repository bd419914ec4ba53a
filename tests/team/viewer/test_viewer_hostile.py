"""Whatever stands in a transcript: nothing of it runs, asks the network, or moves other text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.transcripts import hostile_session, write_log

from team.transcript import Transcript
from team.transcript.events import Event, Message, Note, SessionEnded, SessionStarted
from team.transcript.jsonlines import LOG_NAME
from team.viewer.page import session_file

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NewPage = Callable[..., "Page"]
WriteHtml = Callable[[Path], str]

ATTACKS = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><svg/onload=alert(1)>",
    "<img src=http://198.51.100.7/x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>click</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<base href=http://198.51.100.7/><form action=//198.51.100.7><button>",
    "<style>@import url(http://198.51.100.7/)</style>",
    "[link](javascript:alert(1)) ![](http://198.51.100.7/p.png)",
    "`<img src=x onerror=alert(1)>` **<b onmouseover=alert(1)>**",
    "# </title><script>alert(1)</script>",
    "__proto__ constructor {{constructor.constructor('alert(1)')()}}",
    "\u2028alert(1)\u2029//",
    "&lt;img src=x onerror=alert(1)&gt;",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    code = "".join(f"```html\n# filename: {attack}\n{attack}\n1\n2\n3\n```\n" for attack in ATTACKS)
    events: list[Event] = [
        SessionStarted(kind="run", spec={"title": ATTACKS[0]}, config={"model": ATTACKS[0]}),
        *(Message(agent="developer", step="code", content=f"{attack}\n\n{attack}") for attack in ATTACKS),
        *(Message(agent=attack, step=attack, content="x") for attack in ATTACKS),
        Message(agent="developer", step="code", content=code),
        Note(text="\n".join(ATTACKS)),
        SessionEnded(status="accepted", reason="accepted", message=ATTACKS[3]),
    ]
    return write_log(tmp_path / "attacks", events)


def open_all(page: Page) -> None:
    """Open whatever can be opened, as a curious person would."""
    page.evaluate(
        """async () => {
          for (let turn = 0; turn < 3; turn++) {
            document.querySelectorAll("details:not([open])").forEach((each) => { each.open = true; });
            const closed = ":is(.opener, .raw)[aria-expanded=false]";
            document.querySelectorAll(closed).forEach((each) => each.click());
            await new Promise((go) => setTimeout(go, 50));
          }
        }"""
    )


def test_markup_of_a_transcript_stays_text(new_page: NewPage, write_html: WriteHtml, folder: Path) -> None:
    page = new_page(write_html(folder))
    open_all(page)
    expect(page.locator("h1")).to_have_text(ATTACKS[0])
    for attack in ATTACKS[:4]:
        expect(page.locator("article .prose", has_text=attack).first).to_be_visible()
    assert (
        page.locator(
            "main :is(img, svg, iframe, form, base, style, script, b), main a[href^=javascript]"
        ).count()
        == 0
    )
    assert page.evaluate("document.querySelectorAll('main script, body > script').length") <= 5
    assert page.evaluate(
        "[...document.querySelectorAll('a')].every((a) => a.getAttribute('href').startsWith('#'))"
    )


def test_a_search_for_markup_shows_it_as_text(new_page: NewPage, write_html: WriteHtml, folder: Path) -> None:
    page = new_page(write_html(folder))
    page.fill("#search", "<img src=http")
    expect(page.locator("mark").first).to_have_text("<img")
    assert page.locator("main img").count() == 0


def test_the_page_allows_nothing_but_its_own_script(browser: Browser, hostile_file: str) -> None:
    page = browser.new_page()
    page.goto(hostile_file)
    policy = page.locator("meta[http-equiv]").get_attribute("content") or ""
    assert "default-src 'none'" in policy and "unsafe" not in policy and "connect-src 'none'" in policy
    done = page.evaluate(
        """async () => {
          const tried = {};
          const script = document.createElement("script");
          try { script.text = "globalThis.ran = true"; document.body.append(script); } catch { /* refused */ }
          tried.script = globalThis.ran ?? false;
          try { document.body.innerHTML = "<p>"; tried.html = true; } catch { tried.html = false; }
          return tried;
        }"""
    )
    page.close()
    assert done == {"script": False, "html": False}


def test_hostile_fields_are_all_shown_and_inert(new_page: NewPage, hostile_file: str) -> None:
    page = new_page(hostile_file)
    open_all(page)
    expect(page.locator("article")).to_have_count(11)
    assert page.locator("main :is(img, svg, iframe, script)").count() == 0


def test_control_and_direction_characters_stand_there_by_number(new_page: NewPage, hostile_file: str) -> None:
    page = new_page(hostile_file)
    task = page.locator("#e1 .prose")
    expect(task.locator(".odd").first).to_have_text(r"\x1b")
    told = task.inner_text()
    assert all(number in told for number in (r"\x1b", r"\u202e", r"\u2066", r"\x9b", r"\x00", r"\x07"))
    assert re.search("[\x00\x07\x1b\x9b\u202e\u2066]", page.locator("body").inner_text()) is None
    assert re.search("[\x00\x07\x1b\x9b\u202e\u2066]", page.title()) is None


def test_a_line_of_5_mb_is_cut_and_can_be_had_whole(
    new_page: NewPage, write_html: WriteHtml, tmp_path: Path
) -> None:
    page = new_page(write_html(write_log(tmp_path / "giant", hostile_session())))
    giant = page.locator("#e4")
    assert len(giant.locator(".body").inner_text()) < 5000
    giant.get_by_role("button", name=re.compile("show all.*5.0 MB")).click()
    expect(giant.locator(".piece").first).to_contain_text("xxxx")
    assert giant.locator(".piece").count() == 250
    page.keyboard.press("g")
    expect(page.locator("h1")).to_be_in_viewport()


def test_the_file_holds_no_letter_of_the_transcript_that_html_reads(folder: Path) -> None:
    html = session_file(Transcript.open(folder))
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert data is not None and not set("<>&\u2028") & set(data[1])
    assert "onerror" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


def test_a_damaged_log_opens_with_a_note_of_what_was_lost(
    new_page: NewPage, write_html: WriteHtml, folder: Path
) -> None:
    log = folder / LOG_NAME
    lines = log.read_bytes().splitlines(keepends=True)
    newer = b'{"v":9,"session":"attacks","seq":90,"type":"dream","agent":"developer","what":"of sheep"}\n'
    nan = b'{"v":1,"session":"attacks","seq":91,"type":"note","text":"n","x":NaN,"y":"\\ud800"}\n'
    log.write_bytes(b"".join([*lines[:3], b"garbage\n", *lines[5:], newer, nan, lines[0][:40]]))
    page = new_page(write_html(folder))
    note = page.locator("#verdict .alert")
    expect(note).to_contain_text("line 4: not a JSON object")
    expect(note).to_contain_text("missing")
    expect(note).to_contain_text("torn off")
    page.locator("#e90 .raw").click()
    expect(page.locator("#e90 .raw-json")).to_contain_text('"what": "of sheep"')
    expect(page.locator("#e91")).to_contain_text("note: n")
