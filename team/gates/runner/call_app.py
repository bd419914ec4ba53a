"""Calls a web application of the workspace from another process than its own, and reports the raw answers.

Runs as ``python -s -c`` in the workspace, inside the sandbox, with the sandbox's interpreter. The application
lives in a child that speaks ASGI over a pipe, so this works where there are no sockets at all. Nothing here
judges: whoever reads the report does.

Input (stdin, read after the child was forked, which thus never sees it), as JSON::

    {"nonce": "…", "modules": ["app.main", …], "steps": [step, …],
     "fuzz": null or {"seed": 1, "examples": 5, "phases": […], "skip": ["POST /login", …], "accepted": […]}}

A step is ``{"id", "method", "path": [text or reference, …], "query": [[name, value], …], "body": …}``; a
reference ``{"$from": "step", "at": ["id"]}`` stands for what an earlier answer holds there. `body` may be
left out; ``{"$raw": "text"}`` is sent as it is.

Output (the report), one line ``NONCE {json}`` per step. Kinds: ready, app, no-app, openapi, answer,
no-answer, failure, trouble, fuzzed, end. A run without ``end`` is no run.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ctypes
import importlib
import inspect
import json
import os
import select
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, unquote_to_bytes, urlencode

SLOWEST_START = 60.0
SLOWEST_ANSWER = 20.0
LARGEST = 8 * 2**20
FACTORIES = ("create_app", "make_app", "get_app", "build_app", "get_application", "create_application")
PR_SET_DUMPABLE = 4


class Lost(Exception):
    """The application answers no more."""


class Report:
    """The channel to the judge; the application's process does not have it."""

    def __init__(self, descriptor: int, nonce: str) -> None:
        self._descriptor = descriptor
        self._nonce = nonce

    def say(self, kind: str, **fields: Any) -> None:
        """Write one step, whole."""
        line = f"\n{self._nonce} {json.dumps({'kind': kind, **fields})}\n".encode()
        while line:
            line = line[os.write(self._descriptor, line) :]


class Application:
    """The far side of the pipe. Safe to use from several threads."""

    def __init__(self, process: int, reading: int, writing: int) -> None:
        self._process = process
        self._reading = reading
        self._writing = writing
        self._lock = threading.Lock()
        self._lost = ""

    def ask(self, question: dict[str, Any], seconds: float = SLOWEST_ANSWER) -> dict[str, Any]:
        """Send one question and wait for its answer; raises `Lost`."""
        with self._lock:
            if self._lost:
                raise Lost(self._lost)
            try:
                send_frame(self._writing, question)
                return self._answer(seconds)
            except (OSError, ValueError) as error:
                self._lost = f"its process is gone or disturbed: {error}"
            except Lost as lost:
                self._lost = str(lost)
            self.close()
            raise Lost(self._lost)

    def _answer(self, seconds: float) -> dict[str, Any]:
        end = time.monotonic() + seconds
        (size,) = struct.unpack("!I", self._take(4, end))
        if size > LARGEST:
            raise Lost("its answer is too large")
        answer = json.loads(self._take(size, end))
        if not isinstance(answer, dict):
            raise Lost("its answer makes no sense")
        return answer

    def _take(self, size: int, end: float) -> bytes:
        parts = b""
        while len(parts) < size:
            if not select.select([self._reading], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Lost("it did not answer in time")
            part = os.read(self._reading, min(size - len(parts), 65536))
            if not part:
                raise Lost("its process ended")
            parts += part
        return parts

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            os.kill(self._process, signal.SIGKILL)


def send_frame(descriptor: int, value: Any) -> None:
    """Write one message: its length, then JSON."""
    text = json.dumps(value).encode()
    text = struct.pack("!I", len(text)) + text
    while text:
        text = text[os.write(descriptor, text) :]


# --- our own process ---------------------------------------------------------------------------------------


def main() -> NoReturn:
    """Fork the application's process, do the steps, report, and leave."""
    # Its memory and descriptors are nobody's but ours, not even of those who run as the same user.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    channel = os.dup(1)
    os.dup2(2, 1)
    application = fork_application([0, channel])
    job = json.loads(sys.stdin.buffer.read())
    report = Report(channel, job["nonce"])
    report.say("ready")
    try:
        run(job, application, report)
    except Lost as lost:
        report.say("trouble", text=str(lost))
    report.say("end")
    application.close()
    os._exit(0)


def run(job: dict[str, Any], application: Application, report: Report) -> None:
    """All that is asked of the application, in order."""
    started = application.ask({"modules": job["modules"]}, SLOWEST_START)
    if "found" not in started:
        report.say("no-app", **started)
        return
    report.say("app", **started)
    document = application.ask({"openapi": True})
    report.say("openapi", document=document.get("document"), error=document.get("error"))
    answers: dict[str, Any] = {}
    for step in job["steps"]:
        try:
            answers[step["id"]] = json_of(do(step, application, answers, report))
        except KeyError as missing:
            report.say("no-answer", id=step["id"], needs=str(missing.args[0]))
    if job["fuzz"] and isinstance(document.get("document"), dict):
        fuzz(document["document"], application, job["fuzz"], report)


def do(
    step: dict[str, Any], application: Application, answers: dict[str, Any], report: Report
) -> dict[str, Any]:
    """One request; its raw answer is reported and returned. A KeyError names the step it needs in vain."""
    path = "".join(
        part if isinstance(part, str) else quote(str(filled(part, answers)), safe="") for part in step["path"]
    )
    query = urlencode([(name, text_of(filled(value, answers))) for name, value in step.get("query", [])])
    body, kind = b"", None
    if "body" in step:
        raw = isinstance(step["body"], dict) and "$raw" in step["body"]
        body = step["body"]["$raw"].encode() if raw else json.dumps(filled(step["body"], answers)).encode()
        kind = "application/json"
    answer = application.ask(request(step["method"], path, query, body, kind))
    report.say("answer", id=step["id"], path=path, **answer)
    return answer


def text_of(value: Any) -> str:
    """A value in a query."""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def request(
    method: str, path: str, query: str, body: bytes, kind: str | None, headers: list[list[str]] | None = None
) -> dict[str, Any]:
    """A request as it goes over the pipe; `path` is quoted."""
    given = [["host", "testserver"], ["accept", "*/*"]] if headers is None else headers
    if kind:
        given = [*given, ["content-type", kind]]
    if body or kind:
        given = [*given, ["content-length", str(len(body))]]
    return {
        "method": method,
        "path": path,
        "query": query,
        "headers": given,
        "body": base64.b64encode(body).decode(),
    }


def filled(value: Any, answers: dict[str, Any]) -> Any:
    """A value with its references replaced."""
    if isinstance(value, dict) and "$from" in value:
        found: Any = answers.get(value["$from"])
        for key in value["at"]:
            try:
                found = found[key]
            except (KeyError, IndexError, TypeError):
                raise KeyError(value["$from"]) from None
        return found
    if isinstance(value, dict):
        return {key: filled(part, answers) for key, part in value.items()}
    return [filled(part, answers) for part in value] if isinstance(value, list) else value


def json_of(answer: dict[str, Any]) -> Any:
    """What an answer's body holds, or None."""
    try:
        return json.loads(base64.b64decode(answer.get("body", "")))
    except ValueError:
        return None


# --- Schemathesis, in our own process ----------------------------------------------------------------------


def fuzz(document: dict[str, Any], application: Application, how: dict[str, Any], report: Report) -> None:
    """Let Schemathesis call the application through the pipe, and report what it says."""
    try:
        import schemathesis
        from schemathesis.config import SchemathesisConfig
        from schemathesis.engine import events, from_schema
    except ImportError as error:
        report.say("fuzzed", missing=str(error))
        return
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig(seed=how["seed"]))
    schema.app = wsgi_of(application, report)
    for operation in how["skip"]:
        schema = schema.exclude(name=operation)
    settings = schema.config
    settings.generation.update(max_examples=how["examples"], deterministic=True, database="none")
    for phase in ("examples", "coverage", "fuzzing", "stateful"):
        getattr(settings.phases, phase).enabled = phase in how["phases"]
    settings.checks.positive_data_acceptance.expected_statuses = how["accepted"]
    count = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            count += len(event.recorder.interactions)
            for name, failure in failures_of(event.recorder):
                report.say("failure", check=name, operation=event.label, text=failure)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            report.say("trouble", text=described(event))
    report.say("fuzzed", requests=count)


def failures_of(recorder: Any) -> Iterator[tuple[str, str]]:
    """The failed checks of one scenario."""
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                yield check.name, str(check.failure_info.failure)[:1000]


def described(event: Any) -> str:
    """An error of Schemathesis itself."""
    error = getattr(event, "value", None) or getattr(event, "exception", None) or event
    return f"Schemathesis: {type(error).__name__}: {error}"[:500]


def wsgi_of(application: Application, report: Report) -> Any:
    """A WSGI application that hands every request on, over the pipe."""

    def call(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = [
            [name[5:].replace("_", "-").lower(), value]
            for name, value in environ.items()
            if name.startswith("HTTP_")
        ]
        path = quote(environ["PATH_INFO"].encode("latin-1"))
        kind = environ.get("CONTENT_TYPE") or None
        answer = application.ask(
            request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), body, kind, headers)
        )
        if "status" not in answer:
            error = str(answer.get("error", "it did not answer"))
            report.say("failure", check="exception", operation=environ["REQUEST_METHOD"], text=error)
            start_response("500 Internal Server Error", [("Content-Type", "application/json")])
            return [b'{"detail": "Internal Server Error"}']
        start_response(f"{answer['status']} .", [(name, value) for name, value in answer["headers"]])
        return [base64.b64decode(answer["body"])]

    return call


# --- the application's process -----------------------------------------------------------------------------


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


async def answer_to(app: Any, question: dict[str, Any]) -> dict[str, Any]:
    """Call the application once."""
    raw = question["path"].encode("ascii")
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": question["method"], "scheme": "http", "root_path": "",
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"), "raw_path": raw,
        "query_string": question["query"].encode("ascii", "replace"),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in question["headers"]
        ],
        "client": ("127.0.0.1", 50000), "server": ("testserver", 80), "state": {},
    }  # fmt: skip
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


if __name__ == "__main__":
    main()
