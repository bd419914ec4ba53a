"""A session as OpenTelemetry spans, live or from its transcript, with the GenAI attribute names.

One root span for the session; below it one for each turn of an agent; below that model calls, command blocks
and gates. What was asked and answered is left out unless it is asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from team.transcript.events import (
    Event,
    Execution,
    Gate,
    Message,
    ModelCall,
    SessionEnded,
    SessionStarted,
    Snapshot,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span
    from opentelemetry.util.types import AttributeValue

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The variable by which message text is asked for, as other GenAI instrumentation has it."""

_NO_MODEL = ("tape", "draft")
_SECOND = 1_000_000_000
Attributes = dict[str, "AttributeValue"]


class SessionTracer:
    """An observer that turns events into spans.

    Args:
        provider: makes and exports the spans.
        text: whether what was asked and answered goes along; None: what `CAPTURE` says.
    """

    def __init__(self, provider: TracerProvider, *, text: bool | None = None) -> None:
        self._tracer = provider.get_tracer("devteam")
        self._text = os.environ.get(CAPTURE, "").lower() == "true" if text is None else text
        self._settings: Mapping[str, Any] = {}
        self._root: Span | None = None
        self._turn: Span | None = None
        self._agent = ""
        self._now = 0

    def on_event(self, event: Event) -> None:
        """Make the spans that the event completes."""
        end = _nanoseconds(event.ts) or self._now
        begin = end - int(getattr(event, "seconds", 0.0) * _SECOND)
        if isinstance(event, SessionStarted):
            self._settings = event.config
        root = self._root or self._begin(event, begin)
        self._now = max(end, self._now)
        if isinstance(event, SessionEnded):
            self._end(root, event)
        elif isinstance(event, ModelCall | Execution | Gate | Snapshot):
            self._work(root, event, begin, end)
        elif isinstance(event, Message) and event.agent == self._agent:
            self._end_turn()

    def on_status(self, text: str) -> None:
        """Nothing to do: only what is recorded is traced."""

    def close(self) -> None:
        """End what is still open, as after an interruption."""
        self._end_turn()
        if self._root is not None:
            self._root.end(self._now)
            self._root = None

    def _begin(self, event: Event, begin: int) -> Span:
        told: Attributes = {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.conversation.id": event.session,
            "gen_ai.workflow.name": "devteam",
        }
        if isinstance(event, SessionStarted):
            told |= {"devteam.kind": event.kind, "devteam.sandbox": event.sandbox}
        self._root = self._tracer.start_span(f"session {event.session}", attributes=told, start_time=begin)
        return self._root

    def _work(self, root: Span, event: ModelCall | Execution | Gate | Snapshot, begin: int, end: int) -> None:
        agent = event.agent if isinstance(event, ModelCall) else "executor"
        if agent != self._agent:
            self._end_turn()
        if self._turn is None:
            told: Attributes = {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": agent,
                "gen_ai.conversation.id": event.session,
                "devteam.iteration": event.iteration,
            }
            context = trace.set_span_in_context(root)
            name = f"invoke_agent {agent}"
            self._turn = self._tracer.start_span(name, context, attributes=told, start_time=begin)
            self._agent = agent
        name, attributes = self._described(event)
        if name:
            self._leaf(event, name, attributes, begin, end)

    def _leaf(self, event: Event, name: str, attributes: Attributes, begin: int, end: int) -> None:
        assert self._turn is not None
        kind = SpanKind.CLIENT if isinstance(event, ModelCall) else SpanKind.INTERNAL
        place: Attributes = {"devteam.seq": event.seq, "devteam.iteration": event.iteration}
        context = trace.set_span_in_context(self._turn)
        span = self._tracer.start_span(name, context, kind, attributes | place, start_time=begin)
        if isinstance(event, Gate) and event.status in ("fail", "error"):
            span.set_status(Status(StatusCode.ERROR, event.why[:200]))
        span.end(end)

    def _described(self, event: Event) -> tuple[str, Attributes]:
        if isinstance(event, ModelCall):
            return f"chat {self._model(event)}".strip(), self._call(event)
        if isinstance(event, Gate):
            return f"gate {event.name}", {
                "devteam.gate.name": event.name,
                "devteam.gate.status": event.status,
                "devteam.gate.findings": len(event.findings),
            }
        if isinstance(event, Execution):
            told: Attributes = {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": event.language or "sh",
            }
            told |= {"process.exit.code": event.exit_code, "devteam.limit": event.limit or ""}
            return f"execute_tool {event.language or 'sh'}", told
        return "", {}

    def _model(self, call: ModelCall) -> str:
        roles = self._settings.get("role_models")
        chosen = roles.get(call.agent) if isinstance(roles, dict) else None
        name = str(chosen or self._settings.get("model") or call.answer.get("model") or "")
        return "tape" if name.startswith("tape:") else name  # where a tape lies is nobody's business

    def _call(self, call: ModelCall) -> Attributes:
        model = self._model(call)
        told: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "devteam" if model in _NO_MODEL else "openai",
            "gen_ai.request.model": model,
            "gen_ai.response.model": str(call.answer.get("model") or ""),
            "gen_ai.response.finish_reasons": [str(call.answer.get("finish_reason") or "stop")],
            "gen_ai.usage.input_tokens": call.prompt_tokens,
            "gen_ai.usage.output_tokens": call.completion_tokens,
            "gen_ai.agent.name": call.agent,
            "gen_ai.conversation.id": call.session,
            "devteam.step": call.step,
            "devteam.request_digest": call.request_digest,
        }
        for name in ("temperature", "max_tokens"):
            if isinstance(value := self._settings.get(name), int | float):
                told[f"gen_ai.request.{name}"] = value
        if call.cost_usd is not None:
            told["devteam.cost_usd"] = call.cost_usd
        if host := urlsplit(str(self._settings.get("base_url") or "")).hostname:
            told["server.address"] = host
        return told | (_texts(call) if self._text else {})

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.end(self._now)
        self._turn, self._agent = None, ""

    def _end(self, root: Span, event: SessionEnded) -> None:
        self._end_turn()
        root.set_attributes({"devteam.status": event.status, "devteam.reason": event.reason})
        if event.status != "accepted":
            root.set_status(Status(StatusCode.ERROR, event.message[:200]))
        root.end(self._now)
        self._root = None


def export(events: Iterable[Event], provider: TracerProvider, *, text: bool | None = None) -> None:
    """The spans of a recorded session, with its own times."""
    tracer = SessionTracer(provider, text=text)
    for event in events:
        tracer.on_event(event)
    tracer.close()


def _texts(call: ModelCall) -> Attributes:
    asked = [_message(part.get("role", "user"), part.get("content", "")) for part in call.request]
    answered = [_message("assistant", str(call.answer.get("content") or ""))]
    return {
        "gen_ai.input.messages": json.dumps(asked, ensure_ascii=False),
        "gen_ai.output.messages": json.dumps(answered, ensure_ascii=False),
    }


def _message(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def _nanoseconds(ts: str) -> int:
    try:
        return int(datetime.fromisoformat(ts).timestamp() * 1000) * 1_000_000
    except ValueError:
        return 0
