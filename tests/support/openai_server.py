"""A real HTTP server on the loopback that speaks ``/v1/chat/completions`` from a script.

    with OpenAIServer(["first answer", Reply("second", finish_reason="length")]) as server:
        ...  # base_url=server.url, api_key=server.key
    assert server.prompt_tokens == ...

A script is a list (served in order), a dict from a name to a list (the name that stands first in the
system prompt, or that is the model's name, decides), or a function from the request to a reply.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

KEY = "sk-loopback-5f0c1d2e3a4b"


@dataclass(frozen=True)
class Reply:
    """What one request gets. `status` other than 200 sends `body` (or an error object with `content`)."""

    content: Any = "ok"
    finish_reason: str = "stop"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str | None = None
    """Sent in place of a chat completion."""
    usage: Any = "counted"
    """Sent as it is; None leaves it out."""
    message: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the message, such as ``tool_calls``."""
    delay: float = 0.0
    """Seconds before the response begins."""
    drip: float = 0.0
    """Seconds between any two of its bytes."""
    reset: bool = False
    """The connection is reset in place of a response."""
    cut: bool = False
    """The connection ends in the middle of the body."""


@dataclass(frozen=True)
class Recorded:
    """A request as it came in; the names of headers are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def system(self) -> str:
        return "\n".join(m["content"] for m in self.body["messages"] if m["role"] == "system")

    @property
    def user(self) -> str:
        return "\n".join(m["content"] for m in self.body["messages"] if m["role"] == "user")

    @property
    def settings(self) -> dict[str, Any]:
        return {name: value for name, value in self.body.items() if name not in ("model", "messages")}


Scripted = Reply | str
Script = Iterable[Scripted] | Mapping[str, Iterable[Scripted]] | Callable[[Recorded], Scripted]


class OpenAIServer:
    """The server; a context manager that is running inside and gone after.

    Attributes:
        requests: all that came with the right key, in order.
        prompt_tokens, completion_tokens, answered: what the server counted for the completions it sent.
    """

    def __init__(self, script: Script, *, key: str | None = KEY) -> None:
        """Serve `script`; a request without `key` gets 401, with None every request is welcome."""
        self.key = key
        self.requests: list[Recorded] = []
        self.prompt_tokens = self.completion_tokens = self.answered = 0
        self._next = _player(script)
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL, with ``/v1``."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def take(self, request: Recorded) -> Reply:
        """Record a request and say what it gets."""
        with self._lock:
            self.requests.append(request)
            try:
                scripted = self._next(request)
            except StopIteration:
                scripted = Reply("the script is at its end", status=404)
            return Reply(scripted) if isinstance(scripted, str) else scripted

    def completion(self, request: Recorded, reply: Reply) -> bytes:
        """The body of an answer, counted."""
        if reply.body is not None:
            return reply.body.encode() if isinstance(reply.body, str) else reply.body
        if reply.status != 200:
            return json.dumps({"error": {"message": reply.content}}).encode()
        prompt = tokens("".join(m["content"] for m in request.body["messages"]))
        written = tokens(reply.content if isinstance(reply.content, str) else "")
        with self._lock:
            self.answered += 1
            self.prompt_tokens += prompt
            self.completion_tokens += written
        counted = {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
        data = {
            "id": f"chatcmpl-{self.answered}",
            "object": "chat.completion",
            "created": 1,
            "model": request.body["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": reply.finish_reason,
                    "message": {"role": "assistant", "content": reply.content, **reply.message},
                }
            ],
            "usage": counted if reply.usage == "counted" else reply.usage,
        }
        if reply.usage is None:
            del data["usage"]
        return json.dumps(data).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if server.key and self.headers.get("Authorization") != f"Bearer {server.key}":
                    sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
                    text = json.dumps({"error": {"message": f"Incorrect API key provided: {sent}"}})
                    self._send(Reply(status=401), text.encode())
                elif not self.path.endswith("/v1/chat/completions"):
                    self._send(Reply(status=404), b"404 page not found")
                else:
                    request = Recorded(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                    self._answer(request, server.take(request))

            def do_GET(self) -> None:
                self._send(Reply(status=404), b"404 page not found")

            def _answer(self, request: Recorded, reply: Reply) -> None:
                time.sleep(reply.delay)
                if reply.reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    self.close_connection = True
                    return
                with contextlib.suppress(OSError):
                    self._send(reply, server.completion(request, reply))

            def _send(self, reply: Reply, body: bytes) -> None:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if reply.cut:
                    self.wfile.write(body[: len(body) // 2])
                    self.close_connection = True
                elif reply.drip:
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(reply.drip)
                else:
                    self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def tokens(text: str) -> int:
    """How many tokens this server makes of a text."""
    return max(1, (len(text) + 3) // 4)


def _player(script: Script) -> Callable[[Recorded], Scripted]:
    if callable(script):
        return script
    if isinstance(script, Mapping):
        lists = {name: iter(list(replies)) for name, replies in script.items()}
        return lambda request: next(lists[_named(lists, request)])
    replies = iter(list(script))
    return lambda request: next(replies)


def _named(names: Iterable[str], request: Recorded) -> str:
    if request.body["model"] in names:
        return str(request.body["model"])
    system = request.system.lower()
    places = {name: system.find(name.replace("_", " ")) for name in names}
    places |= {name: at for name in names if (at := system.find(name)) >= 0 and places[name] < 0}
    found = {name: place for name, place in places.items() if place >= 0}
    if not found:
        raise StopIteration
    return min(found, key=lambda name: found[name])
