"""No test leaves this machine, and none knows the key, the endpoint or the settings of whoever runs it."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support.openai_server import OpenAIServer

# A shell starts what runs in its background deaf to Ctrl-C, and so would be all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

for name in [*os.environ]:
    if name.startswith(("OPENAI_", "DEVTEAM_")) or name == "OAI_CONFIG_LIST":
        del os.environ[name]


class NetworkBlocked(RuntimeError):
    """A test tried to leave the machine."""


def _is_loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event == "socket.getaddrinfo":
        host = args[0]
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if not _is_loopback(host):
        raise NetworkBlocked(f"{event}: {host}")


# An audit hook sees what every library does and replaces nothing. It lasts as long as the process.
sys.addaudithook(_guard)


@pytest.fixture
def openai_server() -> Iterator[Callable[..., OpenAIServer]]:
    """Starts loopback servers: ``server = openai_server(script, key=…)``; they end with the test."""
    with ExitStack() as servers:
        yield lambda script, **options: servers.enter_context(OpenAIServer(script, **options))
