"""Where the standard `OTEL_…` variables name a place for traces, sessions are sent there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from team.cli.terminal import clean, notices

if TYPE_CHECKING:
    from team.transcript import Transcript
    from team.transcript.progress import Observer


@contextmanager
def traced() -> Iterator[Sequence[Observer]]:
    """The observer that sends spans while a session runs; none where no place is named."""
    import os

    if not any(name.startswith("OTEL_EXPORTER_OTLP") for name in os.environ):
        yield ()
        return
    try:
        from team.trace_export import endpoint, standard_provider
        from team.tracing import SessionTracer
    except ImportError:
        notices().print("OTEL_… is set, but traces need the extra: pip install 'autogen-devteam[otel]'")
        yield ()
        return
    if not endpoint():
        yield ()
        return
    provider, delivery = standard_provider()
    tracer = SessionTracer(provider)
    try:
        yield (tracer,)
    finally:
        tracer.close()
        provider.shutdown()
        if delivery.lost:
            notices().print(f"{delivery.lost} spans did not arrive at {clean(endpoint())}", style="yellow")


def send(log: Transcript) -> int:
    """Send the spans of a recorded session; how many arrived.

    Raises:
        UsageError: no place is named, or the extra is missing.
        DevTeamError: they did not arrive.
    """
    from team.errors import DevTeamError, UsageError

    try:
        from team.trace_export import endpoint, standard_provider
        from team.tracing import export
    except ImportError as error:
        raise UsageError("traces need an extra", "pip install 'autogen-devteam[otel]'") from error
    if not endpoint():
        raise UsageError("no place for traces is named", "set OTEL_EXPORTER_OTLP_ENDPOINT=http://…:4318")
    # Beside its own span, an event can begin a turn; the smallest batch is 512.
    provider, delivery = standard_provider(max(2048, 2 * len(log.outline.rows) + 1))
    export(log.events(), provider)
    provider.shutdown()
    if delivery.lost:
        raise DevTeamError(
            f"{delivery.lost} of {delivery.sent + delivery.lost} spans did not arrive at {endpoint()}",
            "see that a collector listens there for OTLP over HTTP",
        )
    return delivery.sent
