"""Tries to break out: a confinement is only trusted after a few live attempts failed.

The verdict is remembered until the machine is started again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import socket
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from executors import bubblewrap, seccomp
from executors.attempts import Outside
from executors.base import Limits, Outcome, Reported
from executors.cache import cache_dir
from executors.confinement import View
from executors.errors import SandboxUnavailable
from executors.interpreter import own_interpreter

_ATTEMPTS = Path(__file__).with_name("attempts.py")
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_LIMITS = Limits(wall_seconds=20, memory_mb=512, processes=32)

Run = Callable[[View, Limits, list[str]], Reported]


def check_confinement(program: Path, run: Run) -> None:
    """Make sure, at the latest now, that what confines code does confine it.

    Args:
        program: what confines; a changed program is tried again.
        run: runs a command in a view with it, and reports.

    Raises:
        SandboxUnavailable: it does not run here, or an attempt to break out came through.
    """
    memory = cache_dir() / "confinement" / f"{_key(program)}.ok"
    if memory.exists():
        return
    came_through = escapes(run)
    if came_through:
        raise SandboxUnavailable(
            f"{program.name} does not confine code on this machine: {', '.join(came_through)}",
            "update it and the kernel, or run where containers are allowed to nest",
        )
    _remember(memory)


def escapes(run: Run) -> list[str]:
    """The names of the attempts that came through.

    Raises:
        SandboxUnavailable: the attempts could not be made.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="devteam-selftest-")))
        work_dir, secret = folder / "work", folder / "secret"
        work_dir.mkdir()
        secret.write_text("secret")
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = held.enter_context(socket.socket(socket.AF_UNIX))
        name = f"devteam-{secrets.token_hex(8)}"  # several sessions of one process may try at once
        abstract.bind(f"\0{name}")
        abstract.listen()
        outside: Outside = {
            "secret": str(secret),
            "home": str(Path.home()),
            "port": listener.getsockname()[1],
            "abstract": name,
        }
        view = View(work_dir.resolve(), own_interpreter())
        command = ["python", "-I", "-S", "-c", _ATTEMPTS.read_text(), json.dumps(outside)]
        reported = run(view, _LIMITS, command)
    return _read(reported.outcome, reported.report)


def _read(outcome: Outcome, report: bytes) -> list[str]:
    try:
        came_through = json.loads(report)
    except ValueError:
        said = outcome.output.strip().splitlines()
        raise SandboxUnavailable(
            f"a confined program did not run: {said[-1] if said else f'exit code {outcome.exit_code}'}",
            "see what `devteam doctor` says about this machine",
        ) from None
    return [str(name) for name in came_through]


def _key(program: Path) -> str:
    """What the verdict depends on: boot, user, program, mounts, filter and attempts."""
    status = program.stat()
    facts = [program, status.st_mtime_ns, status.st_size, os.getuid(), platform.release(), own_interpreter()]
    digest = hashlib.sha256(repr(facts).encode())
    digest.update(_BOOT.read_bytes() if _BOOT.exists() else b"")
    for source in (_ATTEMPTS, Path(bubblewrap.__file__)):
        digest.update(source.read_bytes())
    digest.update(seccomp.program())
    return digest.hexdigest()[:24]


def _remember(memory: Path) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        for old in memory.parent.glob("*.ok"):
            old.unlink(missing_ok=True)
        memory.touch()
    except OSError:
        return  # a cache that cannot be written costs a repeated test, no more
