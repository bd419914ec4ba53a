"""A real browser over pages of made-up sessions, and the real server behind live ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.transcripts import hostile_session, write_log
from viewer_sessions import RED, red_session

from team.transcript import Transcript
from team.viewer.page import session_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "20260102-040000-hostile-0000"
PATIENCE = 20_000
"""Milliseconds until a wait fails; only a busy machine needs more than a few hundred."""
ROOT = Path(__file__).resolve().parents[3]
NewPage = Callable[..., "Page"]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Catalogues of these tests lie beside their sessions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; the variable `CHROMIUM` names another one."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not installed")
    sync_api.expect.set_options(timeout=PATIENCE)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens pages; whatever a page logs as an error or violates, runs or requests fails the test."""
    contexts = []
    wrong: list[str] = []

    def make(address: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(HERE) else None)
        page.goto(address)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


HERE = ("file://", "http://127.0.0.1:", "data:")


@pytest.fixture(scope="session")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a red session of eight iterations and a hostile one."""
    folder = tmp_path_factory.mktemp("workspace")
    red_session(folder / RED)
    write_log(folder / HOSTILE, hostile_session(giant=5_000))
    return folder


@pytest.fixture(scope="session")
def red_file(sessions: Path) -> str:
    """The address of the red session's page."""
    return write_page(sessions / RED, sessions / "red.html")


@pytest.fixture(scope="session")
def hostile_file(sessions: Path) -> str:
    """The address of the hostile session's page."""
    return write_page(sessions / HOSTILE, sessions / "hostile.html")


def write_page(session: Path, file: Path) -> str:
    """Write a session's page; its address."""
    file.write_text(session_file(Transcript.open(session)), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def write_html(tmp_path: Path) -> Callable[[Path], str]:
    """Writes the page of a session and gives its address."""
    return lambda session: write_page(session, tmp_path / "page.html")


@pytest.fixture(scope="module")
def viewer(sessions: Path) -> Iterator[str]:
    """The address of the real `devteam view`, started for the module; Ctrl-C ends it with code 0."""
    process = subprocess.Popen(
        [sys.executable, "-m", "team.cli", "view", "--json", "--work-dir", str(sessions)],
        cwd=sessions,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield json.loads("".join(process.stdout.readline() for _ in range(3)))["url"]
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert (process.returncode, told) == (0, "")
