"""Keeps one confined program: the parent of its whole tree, and the one who ends it.

The keeper is in a Landlock domain that holds signals in, and the program in another within it. So the
program cannot signal the keeper, and `kill(-1)` by the keeper reaches, in one call that no fork can
outrun, every process of the run and no other.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
from contextlib import suppress

from executors.launcher import kernel
from executors.launcher.clerk import Clerk
from executors.launcher.job import Job, Told
from executors.launcher.program import CONFINED, MISSING, become

_TIDY = 'chmod -R u+rwX -- "$0"; exec rm -rf -- "$0"'


class Keeper:
    """One run, from its start to the end of its last process."""

    def __init__(self, job: Job, link: int, stdin: int, stdout: int, stderr: int, ruleset: int) -> None:
        self._job = job
        self._link = socket.socket(fileno=link)
        self._standard = (stdin, stdout, stderr)
        self._ruleset = ruleset
        self._program = 0
        self._clerk = 0
        self._listener: int | None = None

    def keep(self) -> None:
        """See the run through; when this returns nothing of it is left."""
        self._introduce()
        try:
            self._confine()
        except OSError as error:
            self._tell({"failed": str(error)})
        else:
            try:
                if self._start():
                    self._wait_for_the_end()
            finally:
                self._end()
        self._remove_folder()

    def _introduce(self) -> None:
        """Hand the holder a handle on this process: its number may be another's when it is looked up."""
        told: Told = {"keeper": os.getpid()}
        with suppress(OSError):  # the holder may be gone
            handle = os.pidfd_open(os.getpid())
            socket.send_fds(self._link, [json.dumps(told).encode()], [handle])
            os.close(handle)

    def _confine(self) -> None:
        os.setsid()
        kernel.give_up_privileges()
        kernel.restrict_self(kernel.create_ruleset())
        kernel.adopt_orphans()
        try:
            os.kill(os.getppid(), 0)
        except PermissionError:
            return
        # To kill "all processes" at the end would kill those of the user.
        raise OSError("signals are not held in")

    def _start(self) -> bool:
        """Start the program; false when that failed, which was told."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._program = os.fork()
                if self._program == 0:
                    stdin, stdout, stderr = self._standard
                    become(
                        self._job,
                        stdin=stdin,
                        stdout=stdout,
                        stderr=stderr,
                        ruleset=self._ruleset,
                        talk=theirs,
                    )
            for handle in (*self._standard, self._ruleset):
                os.close(handle)
            message, handles = kernel.receive(ours, 4096, 1)
            if message[:1] == CONFINED and handles:
                self._listener = handles[0]
                message = message[1:] or ours.recv(4096)  # nothing, once the program runs
                if not message:
                    return True
            if message[:1] == MISSING:
                self._tell({"missing": int(message[1:])})
            else:
                self._tell({"failed": message[1:].decode(errors="replace") or "no process was to be had"})
            return False

    def _wait_for_the_end(self) -> None:
        """Until the holder closes its side of the link."""
        woken, waking = os.pipe()
        for handle in (woken, waking):
            os.set_blocking(handle, False)
        signal.set_wakeup_fd(waking)
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        poll.register(woken, select.POLLIN)
        self._reap(os.WNOHANG)  # it may have ended before the wake-up was set
        while True:
            if self._listener is not None:
                if self._clerk:
                    with suppress(KeyError):
                        poll.unregister(self._listener)
                else:
                    poll.register(self._listener, select.POLLIN)
            for handle, event in poll.poll():
                if handle == self._link.fileno():
                    return
                if handle == woken:
                    os.read(woken, 4096)
                    self._reap(os.WNOHANG)
                elif event & select.POLLIN:
                    self._call_clerk()
                else:  # nobody is left whose calls would be answered
                    poll.unregister(handle)
                    self._listener = None

    def _call_clerk(self) -> None:
        """Start who answers system calls: not before there is one, as most programs make none."""
        clerk = os.fork()
        if clerk == 0:
            try:
                signal.set_wakeup_fd(-1)
                self._link.close()
                assert self._listener is not None
                Clerk(self._listener, self._job).answer_all()
            finally:
                os._exit(0)
        self._clerk = clerk

    def _end(self) -> None:
        signal.set_wakeup_fd(-1)
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        self._reap(0)

    def _reap(self, options: int) -> None:
        """Take note of children that ended; without WNOHANG, until none is left."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, options)
                if pid == 0:
                    return
                if pid == self._program:
                    self._tell({"exit": os.waitstatus_to_exitcode(status)})
                elif pid == self._clerk:
                    self._clerk = 0

    def _remove_folder(self) -> None:
        try:
            shutil.rmtree(self._job["folder"])
        except (OSError, RecursionError):
            os.execv("/bin/sh", ["sh", "-c", _TIDY, self._job["folder"]])

    def _tell(self, told: Told) -> None:
        with suppress(OSError):  # the holder may be gone
            self._link.send(json.dumps(told).encode())
