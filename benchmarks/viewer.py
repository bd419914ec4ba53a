"""How quickly a browser opens and filters a session of 10,000 events and 20 MB.

    python benchmarks/viewer.py [EVENTS [MEGABYTES]]

Needs Debian's chromium and the package playwright. `load` runs from the navigation until the verdict and the
first events are drawn; `filter` from a click until the next frame; `search` from the last letter until the
results are there, once the text of all events has been read.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.transcripts import long_session, write_log  # noqa: E402

from team.transcript import Transcript  # noqa: E402
from team.viewer.page import session_file  # noqa: E402

TIMED = """async () => {
  const begin = performance.now();
  ACT;
  await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
  return performance.now() - begin;
}"""
FILTERS = {
    "filter: one role": "[...document.querySelectorAll('#roles button')][1].click()",
    "filter: failures": "document.getElementById('failures').click()",
    "filter: one gate": (
        "(() => { const s = document.getElementById('gate'); s.value = 'lint';"
        " s.dispatchEvent(new Event('change')); })()"
    ),
    "search: haystack": (
        "(() => { const s = document.getElementById('search'); s.value = 'haystack 77';"
        " s.dispatchEvent(new Event('input')); })()"
    ),
}


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    size = int(float(sys.argv[2]) * 1e6) if len(sys.argv) > 2 else 20_000_000
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed: apt-get install chromium")
        return 3
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        session = write_log(Path(folder) / "20260102-030405-long-beef", long_session(count, size))
        file = Path(folder) / "page.html"
        began = time.perf_counter()
        file.write_text(session_file(Transcript.open(session)), encoding="utf-8")
        print(f"{count} events, {(session / 'transcript.jsonl').stat().st_size / 1e6:.1f} MB of log")
        print(f"page written in {time.perf_counter() - began:.2f} s, {file.stat().st_size / 1e6:.1f} MB")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        measure(browser, file)
        browser.close()
    return 0


def measure(browser: Any, file: Path) -> None:
    loads = []
    for _ in range(3):
        page = browser.new_page()
        began = time.perf_counter()
        page.goto(file.as_uri(), wait_until="commit")
        page.locator("#feed article .body > *").first.wait_for(state="attached")
        loads.append(time.perf_counter() - began)
        if len(loads) < 3:
            page.close()
    print(f"{'load':18} {statistics.median(loads):6.2f} s   (median of 3)")
    began = time.perf_counter()
    page.evaluate("new Promise((go) => requestIdleCallback(go))")
    page.fill("#search", "no such words")
    expect(page.locator("#count")).not_to_contain_text("reading", timeout=30_000)
    print(f"{'text read':18} {time.perf_counter() - began:6.2f} s   (in the background)")
    page.fill("#search", "")
    for name, act in FILTERS.items():
        took = page.evaluate(TIMED.replace("ACT", act))
        print(f"{name:18} {took:6.0f} ms   {page.inner_text('#count')}")
        page.evaluate("document.getElementById('clear').click()")
    print(f"{'memory':18} {heap(page) / 1e6:6.0f} MB of script heap after collection")


def heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(page.evaluate("performance.memory.usedJSHeapSize"))


if __name__ == "__main__":
    raise SystemExit(main())
