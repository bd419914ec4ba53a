"""The launcher of this process: started at first need, shared by all executors and threads of it."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from executors.errors import SandboxUnavailable
from executors.launcher.job import Job
from executors.pipes import Standard

# Our packages are not installed where `-I -S` looks, and `executors/__init__.py` imports too much.
_BOOT = (
    "import sys, types; package = types.ModuleType('executors'); package.__path__ = [sys.argv[1]]; "
    "sys.modules['executors'] = package; from executors.launcher.serving import main; main(int(sys.argv[2]))"
)
_END_SECONDS = 2.0


class Launcher:
    """The process that starts confined programs, and the socket on which it is asked to."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        folder = str(Path(__file__).parent)
        number = str(theirs.fileno())
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, folder, number],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        self._owner = os.getpid()

    def ask(self, handles: Sequence[int]) -> None:
        """Ask for one run; requests of several threads, and of forks of this process, do not mix.

        Raises:
            OSError: the launcher is gone.
        """
        socket.send_fds(self._requests, [b"j"], handles)

    def close(self) -> None:
        """Let it end; safe to call twice."""
        self._requests.close()
        if self._owner == os.getpid():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)


_lock = threading.Lock()
_launcher: Launcher | None = None


def launch(job: Job, standard: Standard, ruleset: int) -> socket.socket:
    """Have a confined program started; the answer is the link to its keeper (see `launcher.job.Told`).

    Raises:
        SandboxUnavailable: there is no launcher, and none can be started.
    """
    link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    job_file = os.memfd_create("job", os.MFD_CLOEXEC)
    try:
        with theirs:
            _write(job_file, json.dumps(job).encode())
            _ask((job_file, theirs.fileno(), *standard, ruleset))
    except BaseException:
        link.close()
        raise
    finally:
        os.close(job_file)
    return link


def _ask(handles: Sequence[int]) -> None:
    global _launcher
    with _lock:
        for _ in range(2):  # one that was killed is replaced
            try:
                if _launcher is None:
                    _launcher = Launcher()
                    atexit.register(_launcher.close)
                _launcher.ask(handles)
                return
            except OSError as error:
                problem = error
                if _launcher is not None:
                    _launcher.close()
                    atexit.unregister(_launcher.close)
                    _launcher = None
    raise SandboxUnavailable(
        f"the sandbox's launcher cannot be started ({problem.strerror})",
        "see what `devteam doctor` says about this machine",
    )


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    os.lseek(handle, 0, os.SEEK_SET)
