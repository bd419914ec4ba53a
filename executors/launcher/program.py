"""From a fork of the keeper to the confined program."""

from __future__ import annotations

import os
import resource
import signal
import socket
from contextlib import suppress

from executors.launcher import kernel
from executors.launcher.job import Job

CONFINED, MISSING, FAILED = b"c", b"m", b"f"
"""What is told the keeper: that the listener comes along; that there is no such program; what failed."""


def become(job: Job, *, stdin: int, stdout: int, stderr: int, ruleset: int, talk: socket.socket) -> None:
    """Confine this process and execute the program. Does not return.

    The keeper hears on `talk` what failed; it is closed when the program runs.
    """
    try:
        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _be_the_first_to_go()
        for name, soft, hard in job["rlimits"]:
            resource.setrlimit(name, (soft, hard))
        os.chdir(job["work_dir"])
        for place, handle in enumerate((stdin, stdout, stderr)):
            os.dup2(handle, place)
        kernel.restrict_self(ruleset)
        listener = kernel.filter_calls(bytes.fromhex(job["filter"]))
        socket.send_fds(talk, [CONFINED], [listener])
    except OSError as error:
        talk.send(FAILED + str(error).encode())
        os._exit(1)
    try:
        os.execvpe(job["argv"][0], job["argv"], job["environ"])
    except OSError as error:
        os.write(2, f"{job['argv'][0]}: {error.strerror}\n".encode(errors="backslashreplace"))
        talk.send(MISSING + str(error.errno).encode())
    finally:
        os._exit(1)


def _be_the_first_to_go() -> None:
    """When memory is short, rather than anything of the user's. To be refused costs no safety."""
    with suppress(OSError):
        handle = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(handle, b"1000")
        os.close(handle)
