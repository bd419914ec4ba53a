"""Tries to break out: a confinement is only trusted after a few live attempts failed.

The verdict is remembered until the machine is started again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import secrets
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from executors.attempts import Outside, started_at
from executors.base import Limits, Outcome, Reported
from executors.cache import cache_dir
from executors.confinement import View
from executors.errors import SandboxUnavailable
from executors.interpreter import own_interpreter
from executors.scratch import ScratchFolder

_PACKAGE = Path(__file__).parent
_ATTEMPTS = _PACKAGE / "attempts.py"
_PROC = Path("/proc")
# What may differ between two processes of one user on one boot, such as one in a container.
_SURROUNDINGS = (
    "sys/kernel/random/boot_id",
    "sys/user/max_user_namespaces",
    "sys/kernel/unprivileged_userns_clone",
    "sys/kernel/apparmor_restrict_unprivileged_userns",
    "self/attr/current",
)
_STATUS = ("Uid", "Gid", "Cap", "NoNewPrivs", "Seccomp")
_REMEMBERED = 8  # containers and the machine itself may share a cache
_LIMITS = Limits(wall_seconds=20, memory_mb=512, processes=32)

Run = Callable[[View, Limits, list[str]], Reported]


def check_confinement(
    tier: str, depends_on: Sequence[object], run: Run, *, expected: Collection[str] = ()
) -> None:
    """Make sure, at the latest now, that what confines code does confine it.

    Args:
        tier: what confines, in a word.
        depends_on: what the verdict depends on beside boot, user, filter and our sources: when any of it
            changes, the attempts are made again.
        run: runs a command in a view with it, and reports.
        expected: attempts that come through by design, and that the tier's description tells of.

    Raises:
        SandboxUnavailable: it does not run here, or an attempt to break out came through.
    """
    memory = cache_dir() / "confinement" / f"{tier}-{_key(depends_on)}.ok"
    if memory.exists():
        return
    came_through = [name for name in escapes(run) if name not in expected]
    if came_through:
        raise SandboxUnavailable(
            f"{tier} does not confine code on this machine: {', '.join(came_through)}",
            "update it and the kernel, or run where containers are allowed to nest",
        )
    _remember(memory, tier)


def escapes(run: Run) -> list[str]:
    """The names of the attempts that came through.

    Raises:
        SandboxUnavailable: the attempts could not be made.
    """
    with ExitStack() as held:
        folder = held.enter_context(ScratchFolder("selftest"))
        work_dir, secret = folder / "work", folder / "secret"
        work_dir.mkdir()
        secret.write_text("secret")
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = held.enter_context(socket.socket(socket.AF_UNIX))
        name = f"devteam-{secrets.token_hex(8)}"  # several sessions of one process may try at once
        abstract.bind(f"\0{name}")
        abstract.listen()
        named = held.enter_context(socket.socket(socket.AF_UNIX))
        named.bind(str(folder / "socket"))
        named.listen()
        outside: Outside = {
            "secret": str(secret),
            "home": str(Path.home()),
            "port": listener.getsockname()[1],
            "abstract": name,
            "socket": str(folder / "socket"),
            "pid": os.getpid(),
            "started": started_at(os.getpid()),
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


def _key(depends_on: Sequence[object]) -> str:
    """What the verdict depends on: surroundings, user, program, mounts and rules, filter and attempts."""
    facts = [*depends_on, platform.release(), own_interpreter(), *_surroundings()]
    digest = hashlib.sha256(repr(facts).encode())
    digest.update(_sources())
    return digest.hexdigest()[:24]


def _surroundings() -> Iterator[str]:
    for name in _SURROUNDINGS:
        with suppress(OSError):
            yield (_PROC / name).read_text()
    for kind in ("user", "mnt"):
        yield str((_PROC / "self/ns" / kind).readlink())
    for line in (_PROC / "self/status").read_text().splitlines():
        if line.startswith(_STATUS):
            yield line


@functools.cache
def _sources() -> bytes:
    """A digest of this package, which decides on mounts, rules, filter and attempts."""
    digest = hashlib.sha256()
    for source in sorted(_PACKAGE.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.digest()


def program_facts(program: Path) -> tuple[object, ...]:
    """What tells that a program was changed."""
    status = program.stat()
    return program, status.st_mtime_ns, status.st_size


def _remember(memory: Path, tier: str) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        known = sorted(memory.parent.glob(f"{tier}-*.ok"), key=lambda path: path.stat().st_mtime)
        for old in known[:-_REMEMBERED]:
            old.unlink(missing_ok=True)
        memory.touch()
    except OSError:
        return  # a cache that cannot be written costs a repeated test, no more
