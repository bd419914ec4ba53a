"""The document: template, style, script and data in one file that asks the network for nothing.

Data are inert: JSON in script elements of a type that no browser runs, every `<`, `>` and `&` of it escaped,
the bulk packed. Only the one script whose digest the policy names can run, and it may not parse text as HTML.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from team.transcript import Transcript
from team.transcript.outline import Damage
from team.transcript.safe_text import one_line
from team.viewer.entries import read_entries
from team.viewer.figures import Figures, read_diff, title_of

_CHUNK = 400_000
_DIFFS = 200
_SHARED = ("dom.js", "text.js", "theme.js")
_SESSION = ("diff.js", "source.js", "bodies.js", "feed.js", "filter.js", "search.js", "head.js", "rows.js",
            "keys.js", "follow.js", "session.js")  # fmt: skip
_SESSIONS = ("sessions.js",)


@dataclass(frozen=True)
class Document:
    """A page, and the policy that a server sends with it: the same as the page carries, and no framing."""

    html: str
    policy: str


def session_file(log: Transcript) -> str:
    """The page of a session with everything in it, for `file://` and for sending.

    Raises:
        team.errors.SessionNotFound: its log cannot be read.
    """
    rows: list[dict[str, Any]] = []
    damage = list(log.outline.damage)
    figures = Figures()
    packer = _Packer()
    for item in read_entries(log.folder, log.outline.rows):
        if isinstance(item, Damage):
            damage.append(item)
            continue
        rows.append(item.row)
        packer.add(item.body)
        figures.add(item.event)
    facts = figures.facts(log) | {"damage": [str(lost) for lost in sorted(set(damage))]}
    kept = [iteration["number"] for iteration in facts["iterations"] if iteration["changes"]]
    diffs = {"all": read_diff(log, None)} | {str(number): read_diff(log, number) for number in kept[-_DIFFS:]}
    data = {"live": False, "facts": facts, "rows": rows}
    title = facts["title"] or log.folder.name
    return _document(_SESSION, title, data, chunks=packer.chunks(), diffs=_pack(json_text(diffs))).html


def live_session(log: Transcript) -> Document:
    """The page of a session that asks the server it comes from for its events."""
    title = title_of(log) or log.folder.name
    return _document(_SESSION, title, {"live": True, "session": log.folder.name}, connect="'self'")


def live_sessions() -> Document:
    """The page that lists the sessions of the server it comes from."""
    return _document(_SESSIONS, "sessions", {"live": True}, connect="'self'")


def _document(
    scripts: tuple[str, ...],
    title: str,
    data: dict[str, Any],
    *,
    connect: str = "'none'",
    chunks: list[str] | None = None,
    diffs: str = "",
) -> Document:
    from jinja2 import Environment, StrictUndefined

    script, style = _script(scripts), _asset("page.css")
    policy = _policy(script, style, connect)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    html = environment.from_string(_asset("page.html.j2")).render(
        title=one_line(title, 80),
        policy=policy,
        style=style,
        script=script,
        data=embedded(data),
        chunks=chunks or [],
        diffs=diffs,
        kind="sessions" if scripts is _SESSIONS else "session",
    )
    return Document(html, f"{policy}; frame-ancestors 'none'")


def embedded(data: object) -> str:
    """JSON that can stand in a script element: it holds no letter that HTML reads, and is pure ASCII."""
    return json_text(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Packer:
    """Puts bodies into packed pieces, each a JSON array, so that one can be read without the others."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._piece: list[str] = []
        self._size = 0

    def add(self, body: dict[str, Any]) -> None:
        text = json_text(body)
        if self._piece and self._size + len(text) > _CHUNK:
            self._close()
        self._piece.append(text)
        self._size += len(text)

    def chunks(self) -> list[str]:
        if self._piece:
            self._close()
        return self._done

    def _close(self) -> None:
        self._done.append(f"{len(self._piece)}:{_pack('[' + ','.join(self._piece) + ']')}")
        self._piece, self._size = [], 0


def json_text(data: object) -> str:
    """Strict JSON in ASCII: browsers know no NaN, and half a surrogate pair is no UTF-8."""
    try:
        return json.dumps(data, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(data), separators=(",", ":"))


def _finite(data: object) -> object:
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(value) for value in data] if isinstance(data, list | tuple) else data


def _pack(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode("ascii")


def _policy(script: str, style: str, connect: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            f"connect-src {connect}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _script(names: tuple[str, ...]) -> str:
    parts = "".join(_asset(name) for name in (*_SHARED, *names))
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@cache
def _asset(name: str) -> str:
    return resources.files("team.viewer").joinpath("assets", name).read_text(encoding="utf-8")
