"""Starts a program under bubblewrap, in namespaces of its own."""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from executors import bubblewrap, seccomp
from executors.base import Limits
from executors.confinement import View
from executors.errors import SandboxUnavailable
from executors.lifeline import Lifeline
from executors.namespaces import NamespaceTree
from executors.pipes import Standard
from executors.rlimits import rlimits

_START_SECONDS = 20.0
MEND = "see what `devteam doctor` says about this machine"


def start(
    program: Path, argv: Sequence[str], view: View, limits: Limits, standard: Standard
) -> NamespaceTree:
    """Start a program in new namespaces.

    Bubblewrap waits, before it starts anything, until the resource limits are set on its inner process:
    set earlier, they would count all processes of the user.

    Raises:
        SandboxUnavailable: bubblewrap could not make the namespaces.
    """
    filter_ = seccomp.program(unix_sockets=not limits.network)

    def options(passwd: int, group: int) -> list[str]:
        return bubblewrap.arguments(view, limits, passwd=passwd, group=group)

    return _launch(program, argv, options, filter_, rlimits(limits, tasks=True), standard)


def start_server(
    program: Path, argv: Sequence[str], view: View, limits: Limits, *, said: int, control: int
) -> NamespaceTree:
    """Start a server of warm runs, which may make namespaces (see `warm_inside`).

    Args:
        program: bubblewrap.
        argv: the server.
        view: what it sees; its workspace holds those of all runs.
        limits: for the sizes of what lies in memory.
        said: a descriptor for what it prints.
        control: a descriptor that it inherits.

    Raises:
        SandboxUnavailable: bubblewrap could not make the namespaces.
    """

    def options(passwd: int, group: int) -> list[str]:
        return bubblewrap.server_arguments(view, limits, passwd=passwd, group=group)

    with Path(os.devnull).open("rb") as nothing:
        standard = Standard(nothing.fileno(), said, said)
        filter_ = seccomp.program(nesting=True)
        return _launch(program, argv, options, filter_, {resource.RLIMIT_CORE: (0, 0)}, standard, control)


def _launch(
    program: Path,
    argv: Sequence[str],
    options_with: Callable[[int, int], list[str]],
    filter_code: bytes,
    bounds: Mapping[int, tuple[int, int]],
    standard: Standard,
    *inherited: int,
) -> NamespaceTree:
    with ExitStack() as ours:
        passwd, group = (_with_content(ours, content) for content in bubblewrap.passwd_and_group())
        filter_ = _with_content(ours, filter_code)
        status, status_inside = os.pipe()
        go, go_outside = os.pipe()
        inside = ours.enter_context(os.fdopen(status_inside, "wb", buffering=0))
        for handle in (go, go_outside):
            ours.callback(os.close, handle)
        options = options_with(passwd, group)
        # Passed in a file, as everything inside can read the command line of the first process.
        options_file = _with_content(ours, b"".join(os.fsencode(option) + b"\0" for option in options))
        command = [str(program), "--args", str(options_file), "--seccomp", str(filter_)]
        command += ["--json-status-fd", str(status_inside), "--block-fd", str(go), "--", *argv]
        lifeline = Lifeline(go_outside)  # should we die, the inner process must not take it for a go
        undone = ours.enter_context(ExitStack())
        undone.callback(lifeline.cut)  # with the inner process, which may still wait for the outer one
        undone.callback(os.close, status)
        outer = subprocess.Popen(
            command,
            stdin=standard.stdin,
            stdout=standard.stdout,
            stderr=standard.stderr,
            env={},
            cwd="/",
            process_group=lifeline.group,
            pass_fds=(passwd, group, filter_, options_file, status_inside, go, *inherited),
        )
        undone.callback(_end, outer)
        inside.close()  # so that we see it closed when bubblewrap fails
        init = _inner_process(status)
        for name, bound in bounds.items():
            resource.prlimit(init, name, bound)
        lifeline.watch(init)
        os.write(go_outside, b"g")
        tree = NamespaceTree(outer, init, status, lifeline)
        undone.pop_all()
        return tree


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _with_content(stack: ExitStack, content: bytes) -> int:
    handle = os.memfd_create("devteam")
    stack.callback(os.close, handle)
    os.write(handle, content)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _inner_process(status: int) -> int:
    """The first process of the namespace, from bubblewrap's first line, which comes in pieces."""
    line = b""
    deadline = time.monotonic() + _START_SECONDS
    while b"\n" not in line:
        ready, _, _ = select.select([status], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(status, 4096) if ready else b""
        if not piece:
            raise SandboxUnavailable("bubblewrap cannot make namespaces here", MEND)
        line += piece
    return int(json.loads(line.splitlines()[0])["child-pid"])
