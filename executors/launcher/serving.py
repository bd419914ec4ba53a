"""The launcher's own loop: a keeper for every run that is asked for."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
from contextlib import suppress

from executors.launcher import kernel
from executors.launcher.job import DESCRIPTORS, Job
from executors.launcher.keeper import Keeper


def main(number: int) -> None:
    """Serve requests from the socket with this number until its other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the holder's to handle: it ends the runs
    kernel.adopt_orphans()
    gc.disable()
    gc.freeze()  # forks share what is not written to
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking)
    keepers: set[int] = set()
    with socket.socket(fileno=number) as requests:
        while True:
            ready, _, _ = select.select([number, woken], [], [])
            if woken in ready:
                os.read(woken, 4096)
                _reap(keepers)
            if number in ready and not _serve(requests, keepers):
                return


def _serve(requests: socket.socket, keepers: set[int]) -> bool:
    """Start the keeper of one run; false when the holder is gone."""
    message, handles = kernel.receive(requests, 1, len(DESCRIPTORS))
    if not message:
        return False
    try:
        if len(handles) == len(DESCRIPTORS):
            keeper = os.fork()
            if keeper == 0:
                signal.set_wakeup_fd(-1)
                requests.close()
                _keep(handles)
            keepers.add(keeper)
    except OSError:
        pass  # no process to be had: the holder sees its link closed
    finally:
        for handle in handles:
            os.close(handle)
    return True


def _keep(handles: list[int]) -> None:
    """Be the keeper of one run; does not return."""
    code = 1
    try:
        job_file, *others = handles
        with os.fdopen(job_file, "rb") as file:
            job: Job = json.load(file)
        Keeper(job, *others).keep()
        code = 0
    finally:
        os._exit(code)


def _reap(keepers: set[int]) -> None:
    """Take note of keepers that ended; what one left behind, because it was killed, is killed, too."""
    failed = False
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            failed = failed or status != 0 or pid not in keepers
            keepers.discard(pid)
    if failed:
        for orphan in _children() - keepers:
            with suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)


def _children() -> set[int]:
    found = set()
    ours = str(os.getpid()).encode()
    for name in os.listdir("/proc"):  # noqa: PTH208 - a thousand paths are slow to make
        with suppress(OSError, IndexError):
            if name.isdigit():
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - the same
                    parent = file.read().rpartition(b")")[2].split()[1]
                if parent == ours:
                    found.add(int(name))
    return found
