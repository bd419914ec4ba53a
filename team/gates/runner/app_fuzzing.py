"""Schemathesis against the application at the far end of the pipe: it runs in the caller's process."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from .app_pipe import Application, request
from .reporting import Report


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
