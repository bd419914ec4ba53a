"""Runs the viewer on this machine until somebody stops it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from team.errors import UsageError
from team.viewer.server import viewer_app

LOOPBACK = "127.0.0.1"


def serve(work_dir: Path, port: int, started: Callable[[str], None]) -> None:
    """Serve the sessions in `work_dir` on a port of the loopback interface until Ctrl-C or SIGTERM.

    Call it in the main thread.

    Args:
        port: 0 takes a free one.
        started: called with the address, ending in `/`, as soon as the port is held.

    Raises:
        UsageError: the port is taken or not allowed.
    """
    import uvicorn

    with _listen(port) as listener:
        number = listener.getsockname()[1]
        hosts = [f"{name}:{number}" for name in (LOOPBACK, "localhost")]
        # A browser leaves the port out when it is the one that http has anyway.
        hosts += [LOOPBACK, "localhost"] if number == 80 else []
        config = uvicorn.Config(
            viewer_app(work_dir, hosts),
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        with _ended_by_signals():
            started(f"http://{LOOPBACK}:{number}/")
            uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM are how a viewer ends: no error. The server raises them again at its end."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(64)
    except (OSError, OverflowError) as error:
        listener.close()
        why = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise UsageError(
            f"port {port} cannot be used: {why}", "leave --port out to take a free one"
        ) from error
    return listener
