"""The addresses of the viewer: pages, the events behind them, and nothing else.

`/` lists the sessions, `/s/ID` is one of them; `/api/sessions`, `/api/sessions/ID?after=SEQ` and
`/api/sessions/ID/diff?iteration=N` are what these pages ask for.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from team.errors import DevTeamError
from team.viewer.guard import Guard
from team.viewer.listing import Listing
from team.viewer.page import Document, json_text, live_session, live_sessions
from team.viewer.watched import Watched

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

_OPEN = 8


def viewer_app(work_dir: Path, hosts: Iterable[str]) -> ASGIApp:
    """The application over the sessions in `work_dir`, which answers to these `Host` headers only."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    viewer = _Viewer(Path(work_dir))
    routes = [
        Route("/", viewer.list_page),
        Route("/s/{name}", viewer.session_page),
        Route("/api/sessions", viewer.sessions),
        Route("/api/sessions/{name}", viewer.events),
        Route("/api/sessions/{name}/diff", viewer.diff),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return Guard(app, hosts)


class _Viewer:
    """The answers. They are plain functions, so the server runs them in threads."""

    def __init__(self, work_dir: Path) -> None:
        self._listing = Listing(work_dir)
        self._watched: OrderedDict[str, Watched] = OrderedDict()
        self._turn = threading.Lock()

    def list_page(self, request: Request) -> Response:
        return _page(live_sessions())

    def session_page(self, request: Request) -> Response:
        watched = self._find(request)
        return _page(live_session(watched.log)) if watched else _not_found()

    def sessions(self, request: Request) -> Response:
        with self._turn:
            told = self._listing.sessions()
        version = hashlib.sha256(json_text(told).encode()).hexdigest()[:16]
        known = request.query_params.get("known") == version
        return _json({"version": version, "sessions": None if known else told})

    def events(self, request: Request) -> Response:
        watched = self._find(request)
        if watched is None:
            return _not_found()
        try:
            after = int(request.query_params.get("after", "-1"))
        except ValueError:
            return _plain("after= wants the number of an event", 400)
        try:
            return _json(watched.after(after, request.query_params.get("known", "")))
        except (DevTeamError, OSError) as error:
            return _plain(f"the session cannot be read: {error}", 503)

    def diff(self, request: Request) -> Response:
        watched = self._find(request)
        if watched is None:
            return _not_found()
        iteration = request.query_params.get("iteration", "all")
        if iteration != "all" and not (iteration.isascii() and iteration.isdigit()):
            return _plain("iteration= wants a number, or all", 400)
        return _json({"diff": watched.diff(None if iteration == "all" else int(iteration[:9]))})

    def _find(self, request: Request) -> Watched | None:
        name = request.path_params["name"]
        with self._turn:
            folder = self._listing.folder(name)
            if folder is None:
                self._watched.pop(name, None)
                return None
            watched = self._watched.pop(name, None) or Watched(folder)
            self._watched[name] = watched
            while len(self._watched) > _OPEN:
                self._watched.popitem(last=False)
            return watched


def _page(document: Document) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(document.html, headers={"content-security-policy": document.policy})


def _json(data: object) -> Response:
    from starlette.responses import Response

    return Response(json_text(data), media_type="application/json")


def _plain(words: str, status: int) -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(f"{words}\n", status)


def _not_found() -> Response:
    return _plain("there is no such session", 404)
