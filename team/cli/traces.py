"""Where the standard `OTEL_…` variables name a place for traces, sessions are sent there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from team.cli.terminal import notices

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
        from team.tracing import SessionTracer, endpoint_wanted, standard_provider

        provider = standard_provider() if endpoint_wanted() else None
    except ImportError:
        notices().print("OTEL_… is set, but traces need the extra: pip install 'autogen-devteam[otel]'")
        provider = None
    if provider is None:
        yield ()
        return
    tracer = SessionTracer(provider)
    try:
        yield (tracer,)
    finally:
        tracer.close()
        provider.shutdown()


def send(log: Transcript) -> int:
    """Send the spans of a recorded session; how many events it had.

    Raises:
        UsageError: no place is named, or the extra is missing.
    """
    from team.errors import UsageError

    try:
        from team.tracing import endpoint_wanted, export, standard_provider
    except ImportError as error:
        raise UsageError("traces need an extra", "pip install 'autogen-devteam[otel]'") from error
    if not endpoint_wanted():
        raise UsageError("no place for traces is named", "set OTEL_EXPORTER_OTLP_ENDPOINT=http://…:4318")
    provider = standard_provider()
    export(log.events(), provider)
    provider.shutdown()
    return len(log.outline.rows)
