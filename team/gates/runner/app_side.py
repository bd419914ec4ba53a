"""The process that the application lives in: finds it, starts it up, and calls it through ASGI.

It is forked before the caller reads what it is to ask, and keeps nothing of the caller's but the pipe.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import inspect
import json
import os
import struct
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from .app_pipe import LARGEST, Application, send_frame

FACTORIES = ("create_app", "make_app", "get_app", "build_app", "get_application", "create_application")


def fork_application(closed: list[int]) -> Application:
    """Fork a child that waits for what to import; it keeps none of the descriptors in `closed`."""
    to_child, ours = os.pipe()
    theirs, from_child = os.pipe()
    process = os.fork()
    if process:
        os.close(to_child)
        os.close(from_child)
        return Application(process, theirs, ours)
    code = 1
    try:
        for descriptor in (*closed, ours, theirs):
            os.close(descriptor)
        os.open(os.devnull, os.O_RDONLY)
        asyncio.run(serve(to_child, from_child))
        code = 0
    except BaseException:  # noqa: BLE001 - whatever the workspace threw ends this process, and it says so
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


async def serve(reading: int, writing: int) -> None:
    """Import the application, and answer until the pipe is closed."""
    stream = asyncio.StreamReader(limit=LARGEST)
    pipe = os.fdopen(reading, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
    first = await receive_frame(stream)
    app, told = find_app(first["modules"])
    async with contextlib.AsyncExitStack() as stack:
        if app is not None:
            try:
                await stack.enter_async_context(lifespan(app))
            except Exception as error:  # noqa: BLE001 - whatever the workspace throws is told
                app, told = None, {"errors": [[told["found"], trimmed(error)]]}
        send_frame(writing, told)
        while app is not None:
            try:
                question = await receive_frame(stream)
            except asyncio.IncompleteReadError:
                return
            answer = await (document_of(app) if "openapi" in question else answer_to(app, question))
            send_frame(writing, answer)


async def receive_frame(stream: asyncio.StreamReader) -> Any:
    """One message of the pipe."""
    (size,) = struct.unpack("!I", await stream.readexactly(4))
    return json.loads(await stream.readexactly(size))


def find_app(modules: list[str]) -> tuple[Any, dict[str, Any]]:
    """The first application in the modules, and where it was found; else what went wrong on the way."""
    folders = [str(folder) for folder in (Path.cwd(), Path.cwd() / "src") if folder.is_dir()]
    sys.path[:0] = folders
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path.cwd() / 'contract-check.db'}")
    errors: list[list[str]] = []
    for name in modules:
        try:
            module = importlib.import_module(name)
            for attribute, value in candidates(module):
                return value, {
                    "found": f"{name}:{attribute}",
                    "document": getattr(value, "openapi_url", None),
                }
        except BaseException as error:  # noqa: BLE001 - whatever the workspace throws is told
            errors.append([name, trimmed(error)])
    return None, {"errors": errors}


def candidates(module: Any) -> Iterator[tuple[str, Any]]:
    """Applications in a module: by usual names, then any, then what a factory makes."""
    names = list(dict.fromkeys(("app", "application", "api", "service", *vars(module))))
    for name in names:
        value = getattr(module, name, None)
        if hasattr(value, "openapi") and hasattr(value, "routes") and not inspect.isclass(value):
            yield name, value
    for name in FACTORIES:
        factory = getattr(module, name, None)
        if callable(factory) and not any(
            parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            for parameter in inspect.signature(factory).parameters.values()
        ):
            yield f"{name}()", factory()


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> Any:
    """Start the application up, and shut it down at the end."""
    async with app.router.lifespan_context(app):
        yield


async def document_of(app: Any) -> dict[str, Any]:
    """The application's OpenAPI document."""
    try:
        return {"document": app.openapi()}
    except Exception as error:  # noqa: BLE001 - whatever the workspace throws is told
        return {"error": trimmed(error)}


def scope_of(question: dict[str, Any]) -> dict[str, Any]:
    """A request as ASGI tells it."""
    raw = question["path"].encode("ascii")
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": question["method"], "scheme": "http", "root_path": "",
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"), "raw_path": raw,
        "query_string": question["query"].encode("ascii", "replace"),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in question["headers"]
        ],
        "client": ("127.0.0.1", 50000), "server": ("testserver", 80), "state": {},
    }  # fmt: skip


async def answer_to(app: Any, question: dict[str, Any]) -> dict[str, Any]:
    """Call the application once."""
    scope = scope_of(question)
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": base64.b64decode(question["body"]), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - a server would answer 500; here the reason is told, too
        return {"error": trimmed(error)}
    return answer_of(sent)


def answer_of(sent: list[dict[str, Any]]) -> dict[str, Any]:
    """What the application sent, as it goes over the pipe."""
    starts = [message for message in sent if message["type"] == "http.response.start"]
    if not starts:
        return {"error": "the application did not answer"}
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return {
        "status": int(starts[0]["status"]),
        "headers": [
            [name.decode("latin-1"), value.decode("latin-1")] for name, value in starts[0].get("headers", [])
        ],
        "body": base64.b64encode(body[: LARGEST // 2]).decode(),
    }


def trimmed(error: BaseException) -> str:
    """An exception in one line, with the last place in the workspace that it passed."""
    root = str(Path.cwd()) + os.sep
    places = [
        f"{frame.f_code.co_filename.removeprefix(root)}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(root)
    ]
    where = f" ({places[-1]})" if places else ""
    return f"{type(error).__name__}: {error}"[:400] + where
