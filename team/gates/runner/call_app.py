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

import base64
import ctypes
import json
import os
import sys
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from .app_fuzzing import fuzz
from .app_pipe import Application, Lost, request
from .app_side import fork_application
from .reporting import Report

SLOWEST_START = 60.0
PR_SET_DUMPABLE = 4


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


if __name__ == "__main__":
    main()
