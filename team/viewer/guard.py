"""What stands between the server and other sites: who may ask, and what an answer may do in a browser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NOTHING = b"default-src 'none'; frame-ancestors 'none'"
"""The policy of every answer that is no page."""


class Guard:
    """Refuses what no page of ours asks, and sends strict headers with every answer.

    The `Host` must be one of ours: a name of an attacker that points to this machine (DNS rebinding) is not.
    Another site's script, image or frame gives itself away by `Origin` or `Sec-Fetch-Site`. Nothing is ever
    changed by a request, so methods other than GET and HEAD are refused.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(*refusal, with_headers(send))
            return
        await self._app(scope, receive, with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        sent: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            sent.setdefault(name.lower(), []).append(value.decode("latin-1"))
        if [host.lower() for host in sent.get(b"host", [])] not in [[host] for host in self._hosts]:
            return 403, "this server answers to its own address only"
        if any(origin not in self._origins for origin in sent.get(b"origin", [])):
            return 403, "another site may not ask this server"
        site, mode = (sent.get(name, ["none"])[0] for name in (b"sec-fetch-site", b"sec-fetch-mode"))
        if site not in ("same-origin", "none") and mode != "navigate":
            return 403, "another site may not ask this server"
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "this server only shows"
        return None


def with_headers(send: Send) -> Send:
    """The same `send`, which adds the headers; a policy that the answer brings itself stays."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = dict(HEADERS)
            own = [(name, value) for name, value in message.get("headers", ()) if name not in ours]
            if not any(name == b"content-security-policy" for name, _ in own):
                own.append((b"content-security-policy", NOTHING))
            message["headers"] = [*own, *HEADERS]
        await send(message)

    return sending


async def _refuse(status: int, words: str, send: Send) -> None:
    body = f"{words}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
