"""Sending spans where the standard `OTEL_…` variables say, and knowing whether they arrived."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Delivery(SpanExporter):
    """An exporter that counts what did not arrive.

    Attributes:
        sent: spans that arrived.
        lost: spans that did not.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.sent = self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand the spans on."""
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.sent += len(spans)
        else:
            self.lost += len(spans)
        return result

    def shutdown(self) -> None:
        """End it."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is held back."""
        return self._exporter.force_flush(timeout_millis)


def endpoint() -> str:
    """The place that the standard variables name for traces; empty for none, or if they switch them off."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").lower() != "otlp":
        return ""
    places = (os.environ.get(f"OTEL_EXPORTER_OTLP_{name}ENDPOINT", "") for name in ("TRACES_", ""))
    return next(filter(None, places), "")


def standard_provider(spans: int = 2048) -> tuple[TracerProvider, Delivery]:
    """A provider that exports there, and what becomes of its spans; it sends the rest when it is shut down.

    Args:
        spans: so many wait to be sent; what comes on top of them at once is dropped.
    """
    # What did not arrive is told once, at the end; the library tells each try.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "devteam")})
    provider = TracerProvider(resource=resource)
    delivery = Delivery(OTLPSpanExporter())
    provider.add_span_processor(BatchSpanProcessor(delivery, max_queue_size=spans))
    return provider, delivery
