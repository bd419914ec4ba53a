"""Spans on the wire: a collector on the loopback that takes OTLP over HTTP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.tapes import RIGHT, write_tape
from support.transcripts import long_session, write_log

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra otel is not installed")

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from team.cli import main

NAME = "20260102-030405-traced-beef"
TURNS = 300
Call = Callable[..., tuple[int, str, str]]


class Collector(ThreadingHTTPServer):
    """Keeps the spans that are sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.spans: list[Span] = []
        self.paths: set[str] = set()

    def named(self, beginning: str) -> list[Span]:
        return [span for span in self.spans if span.name.startswith(beginning)]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        request = ExportTraceServiceRequest.FromString(plain)
        self.server.paths.add(self.path)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        yield server
        server.shutdown()


@pytest.fixture
def devteam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_recorded_session_arrives_whole_and_without_its_text(
    collector: Collector, devteam: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path / "workspace" / NAME, long_session(TURNS * 11 + 3, 900_000))
    code, page, _ = devteam("show", NAME, "--otel")
    # A root; by turn two agents, a call, six gates and a command: more than the library keeps by itself.
    wanted = 1 + TURNS * (2 + 1 + 6 + 1)
    assert (code, page) == (0, f"{wanted} spans sent\n") and len(collector.spans) == wanted
    assert collector.paths == {"/v1/traces"}
    assert len(collector.named("chat m")) == len(collector.named("gate lint")) == TURNS
    assert len({span.trace_id for span in collector.spans}) == 1
    assert b"needle" not in b"".join(span.SerializeToString() for span in collector.spans)

    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    assert devteam("show", NAME, "--otel")[0] == 0
    assert b"needle" in b"".join(span.SerializeToString() for span in collector.spans)


def test_a_session_is_sent_while_it_runs(collector: Collector, devteam: Call, tmp_path: Path) -> None:
    tape = write_tape(tmp_path / "tape.jsonl", ("developer", RIGHT))
    alone = ("--no-tests", "--no-review", "--gates", "syntax", "--quiet")
    assert devteam("run", "Write slug(title).", "--model", f"tape:{tape}", *alone)[0] == 0
    (root,) = collector.named("session ")
    told = {field.key: field.value.string_value for field in root.attributes}
    assert (told["devteam.status"], told["devteam.kind"]) == ("accepted", "run")
    assert [span.name for span in collector.named("gate")] == ["gate syntax"]
    assert [span.name for span in collector.named("chat")] == ["chat tape"]
    assert str(tmp_path).encode() not in b"".join(span.SerializeToString() for span in collector.spans)


def test_what_did_not_arrive_is_said_in_one_line(
    devteam: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    write_log(tmp_path / "workspace" / NAME, long_session(14, 9_000))
    code, page, err = devteam("show", NAME, "--otel")
    assert (code, page) == (3, "") and err.count("\n") == 1
    assert "11 of 11 spans did not arrive at http://127.0.0.1:9" in err
