"""Taking away any one rule of the namespaces tier lets an attempt through: none is there for show.

Bubblewrap is started with the options that the executor gives it, but for one. (Without a user namespace
it does not start with these; `--die-with-parent` has a test in `test_namespaces`.) What the supervisor, the
resource limits and the system call filter do has its tests in the conformance suite and in `test_seccomp`.

Not tried: names in /etc/passwd and the modes of folders in memory, which are comfort and no defence.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from executors import Limits, bubblewrap, seccomp
from executors.confinement import View
from executors.interpreter import own_interpreter

LIMITS = Limits(memory_mb=64)
KEY = 0x64657674
GROUPED = "not line.endswith(':/\\n')"
BETWEEN = ("--unshare-net", "--unshare-cgroup-try")
TRY = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def makes(path):
    open(path, 'w').close(); os.remove(path); return True
try:
    through = bool({attempt})
except (OSError, KeyError):
    through = False
print('through' if through else 'held')
"""


@dataclass(frozen=True)
class Mutation:
    """A rule, given by the options that are taken away or put in their place, and what it keeps out."""

    name: str
    options: tuple[str, ...]
    attempt: str
    instead: tuple[str, ...] = ()
    root_only: bool = False
    """Whether only code that root runs could do it without the rule: the kernel keeps others from it."""


MUTATIONS = (
    Mutation("processes", ("--unshare-pid",), "sum(name.isdigit() for name in os.listdir('/proc')) > 3"),
    Mutation("ipc", ("--unshare-ipc",), f"libc.semget({KEY}, 0, 0) >= 0"),
    Mutation("network", ("--unshare-net",), "socket.create_connection(('127.0.0.1', {port}), 1)"),
    Mutation(
        "control groups",
        ("--unshare-cgroup-try",),
        f"[line for line in open('/proc/self/cgroup') if {GROUPED}]",
    ),
    Mutation("host name", ("--hostname", "sandbox"), "socket.gethostname() != 'sandbox'"),
    # Bubblewrap itself insists on a namespace where a name is to be set.
    Mutation(
        "host's names",
        ("--unshare-uts", *BETWEEN, "--hostname", "sandbox"),
        "socket.gethostname() != 'sandbox'",
        BETWEEN,
    ),
    Mutation("user", ("--uid", "1000"), "os.getuid() == 0", ("--uid", "0"), root_only=True),
    Mutation("group", ("--gid", "1000"), "os.getgid() == 0", ("--gid", "0"), root_only=True),
    Mutation("session", ("--new-session",), "os.getsid(0) == 0"),
    Mutation(
        "capabilities",
        ("--cap-drop", "ALL"),
        "'CapBnd:\\t0000000000000000' not in open('/proc/self/status').read()",
    ),
    Mutation("environment", ("--clearenv",), "os.environ['SECRET']"),
    Mutation(
        "system",
        ("--ro-bind", "/usr", "/usr"),
        "os.access('/usr', os.W_OK)",
        ("--bind", "/usr", "/usr"),
        root_only=True,
    ),
    Mutation(
        "kernel's settings",
        ("--remount-ro", "/proc"),
        "os.access('/proc/sys/kernel/core_pattern', os.W_OK)",
        root_only=True,
    ),
    Mutation("devices", ("--remount-ro", "/dev"), "makes('/dev/x')"),
    Mutation("root", ("--remount-ro", "/"), "makes('/x')"),
    Mutation(
        "shared memory's size",
        ("--size", str(32 << 20), "--perms", "1777", "--tmpfs", "/dev/shm"),
        "os.statvfs('/dev/shm').f_blocks > 8192",
        ("--perms", "1777", "--tmpfs", "/dev/shm"),
    ),
    Mutation(
        "temporary folder's size",
        ("--size", str(32 << 20), "--perms", "1777", "--tmpfs", "/tmp"),
        "os.statvfs('/tmp').f_blocks > 8192",
        ("--perms", "1777", "--tmpfs", "/tmp"),
    ),
    Mutation(
        "interpreter",
        ("--ro-bind", "{tree}", "{tree}"),
        "os.access({tree!r}, os.W_OK)",
        ("--bind", "{tree}", "{tree}"),
    ),
    Mutation("repository", ("--ro-bind", "{work}/.git", "/workspace/.git"), "makes('.git/hook')"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutation").resolve()
    (folder / "work/.git").mkdir(parents=True)
    (folder / "tree").mkdir()
    return folder


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def semaphore() -> Iterator[None]:
    libc = ctypes.CDLL(None)
    number = libc.semget(KEY, 1, 0o1666)
    yield
    libc.semctl(number, 0, 0)  # IPC_RMID


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_no_rule_can_be_taken_away_unseen(
    mutation: Mutation, place: Path, port: int, semaphore: None
) -> None:
    if mutation.root_only and os.getuid() != 0:
        pytest.skip("shows itself to root alone: the kernel keeps others from it")
    facts = {"work": place / "work", "tree": str(place / "tree"), "port": port}
    attempt = mutation.attempt.format(**facts)
    rule, instead = (
        [part.format(**facts) for part in parts] for parts in (mutation.options, mutation.instead)
    )
    if mutation.name == "control groups" and not is_grouped():
        pytest.skip("this process is in the root of all control groups: there is nothing to hide")
    view = View(place / "work", own_interpreter(), protected=(".git",), readable=(place / "tree",))
    with files() as (passwd, group):
        options = bubblewrap.arguments(view, LIMITS, passwd=passwd, group=group)
        assert said(place, options, attempt, passwd, group) == "held\n"
    with files() as (passwd, group):
        options = bubblewrap.arguments(view, LIMITS, passwd=passwd, group=group)
        assert said(place, replaced(options, rule, instead), attempt, passwd, group) == "through\n"


def test_the_filter_cannot_be_left_out_unseen(place: Path) -> None:
    view = View(place / "work", own_interpreter())
    for with_filter, expected in ((True, "held\n"), (False, "through\n")):
        with files() as (passwd, group):
            options = bubblewrap.arguments(view, LIMITS, passwd=passwd, group=group)
            attempt = "libc.memfd_create(b'x', 0) >= 0"
            assert said(place, options, attempt, passwd, group, filtered=with_filter) == expected


def test_a_workspace_to_read_cannot_be_written(place: Path) -> None:
    for writable, expected in ((False, "held\n"), (True, "through\n")):
        view = View(place / "work", own_interpreter(), writable=writable)
        with files() as (passwd, group):
            options = bubblewrap.arguments(view, LIMITS, passwd=passwd, group=group)
            assert said(place, options, "makes('x')", passwd, group) == expected


def replaced(options: list[str], rule: list[str], instead: list[str]) -> list[str]:
    """The options with the one run of them exchanged that is the rule."""
    starts = [at for at in range(len(options)) if options[at : at + len(rule)] == rule]
    assert len(starts) == 1, f"{rule} is not one of the rules any more"
    return [*options[: starts[0]], *instead, *options[starts[0] + len(rule) :]]


@contextmanager
def files() -> Iterator[tuple[int, int]]:
    handles = [holding(content) for content in bubblewrap.passwd_and_group()]
    try:
        yield handles[0], handles[1]
    finally:
        for handle in handles:
            os.close(handle)


def holding(content: bytes) -> int:
    handle = os.memfd_create("test")
    os.write(handle, content)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def said(place: Path, options: list[str], attempt: str, *handles: int, filtered: bool = True) -> str:
    program = bubblewrap.find_bubblewrap(place / "work")
    if program is None:
        pytest.skip("bubblewrap is missing")
    rules = holding(seccomp.program())
    more = ["--seccomp", str(rules)] if filtered else []
    try:
        done = subprocess.run(
            [program, *more, *options, "--", "python", "-I", "-c", TRY.format(attempt=attempt)],
            pass_fds=(*handles, rules), env={"SECRET": "x"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(rules)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_grouped() -> bool:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return any(not line.endswith(":/") for line in lines)
