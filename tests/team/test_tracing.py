"""Spans with the GenAI names, from a transcript and live; message text only on request."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.transcripts import long_session, write_log

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from team.trace_export import endpoint
from team.tracing import CAPTURE, SessionTracer, export
from team.transcript import Transcript
from team.transcript.store import SessionLog

TURNS = 3


@pytest.fixture
def log(tmp_path: Path) -> Transcript:
    return Transcript(
        write_log(tmp_path / "20260102-030405-traced-beef", long_session(TURNS * 11 + 3, 9_000))
    )


def spans_of(log: Transcript, *, text: bool | None = None) -> list[ReadableSpan]:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    export(log.events(), provider, text=text)
    return list(memory.get_finished_spans())


def test_a_session_is_a_tree_of_spans(log: Transcript) -> None:
    spans = spans_of(log)
    names = [span.name for span in spans]
    assert names.count("chat m") == TURNS
    assert names.count("gate lint") == TURNS
    assert names.count("execute_tool sh") == TURNS
    assert names.count("invoke_agent developer") == names.count("invoke_agent executor") == TURNS
    (root,) = [span for span in spans if span.parent is None]
    assert root.name == f"session {log.session}"
    ids = {span.context.span_id: span for span in spans}
    for span in spans:
        if span.name.startswith(("chat", "gate", "execute_tool")):
            assert span.parent is not None and ids[span.parent.span_id].name.startswith("invoke_agent")
        if span.name.startswith("invoke_agent"):
            assert span.parent is not None and ids[span.parent.span_id] is root
        assert span.start_time is not None and span.end_time is not None and span.start_time <= span.end_time


def test_a_model_call_has_the_genai_attributes(log: Transcript) -> None:
    call = next(span for span in spans_of(log) if span.name == "chat m")
    told = dict(call.attributes or {})
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == "m"
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (900, 200)
    assert told["gen_ai.agent.name"] == "developer"
    assert call.end_time is not None and call.start_time is not None
    assert call.end_time - call.start_time == 2_500_000_000


def test_a_red_gate_is_an_error(log: Transcript) -> None:
    lint = [span.status.status_code.name for span in spans_of(log) if span.name == "gate lint"]
    assert lint == ["ERROR", "ERROR", "UNSET"]


def test_text_goes_along_only_on_request(log: Transcript, monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(text: bool | None) -> str:
        return " ".join(str(dict(span.attributes or {})) for span in spans_of(log, text=text))

    assert "Attempt 1." not in whole(None) and "needle" not in whole(False)
    assert "Attempt 1." in whole(True) and "needle" in whole(True)
    monkeypatch.setenv(CAPTURE, "true")
    assert "Attempt 1." in whole(None)


def test_an_interrupted_session_ends_its_spans(tmp_path: Path, log: Transcript) -> None:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = SessionTracer(provider)
    with SessionLog.create(tmp_path / "live") as live:
        live.subscribe(tracer)
        for event in list(log.events())[:6]:
            live.record(event)
    tracer.close()
    assert {span.name for span in memory.get_finished_spans()} >= {"session live", "chat m", "gate syntax"}


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_standard_variables_decide(
    environ: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert bool(endpoint()) == wanted


def test_nothing_else_needs_the_extra() -> None:
    import subprocess

    script = "import sys, team.transcript.reader; from team.cli.app import application; application()"
    script += "; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
