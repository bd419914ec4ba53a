"""One run in a container: started, followed to its end or a limit, and nothing of it left."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import time
from typing import Any

from .channel import Hosts
from .clearing import clean, end_all, files_in_memory, nameless_files, processes
from .kernel import Kernel

OURS = 3
"""How many processes are ours: the init, the one that holds the container, and the server."""
_INPUT = "/tmp/.input"
_PR_SET_DUMPABLE = 4
_POLL_SECONDS = 0.02
_LOOK_SECONDS = 0.1


class Run:
    """One program with everything that it starts."""

    def __init__(self, hosts: Hosts, kernel: Kernel, libc: Any, ours: set[int], job: dict[str, Any]) -> None:
        self._hosts, self._kernel, self._libc, self._ours, self._job = hosts, kernel, libc, ours, job
        self._limits = job["limits"]
        self._memory = kernel.memory()
        self._killed = kernel.killed_for_memory()
        self._refused = kernel.refused_tasks()
        self._cpu = kernel.cpu_seconds()
        self._nameless = 0
        self._next_look = time.monotonic() + _LOOK_SECONDS

    def ending(self) -> dict[str, Any]:
        """Run it to its end; nothing of it is left afterwards, or `clean` is false."""
        output, output_inside = os.pipe()
        report, report_inside = os.pipe() if self._job["report"] else (-1, -1)
        source = self._input()
        pid = os.fork()
        if not pid:
            self._become(source, report_inside if report_inside >= 0 else output_inside, output_inside)
        for handle in (source, output_inside, report_inside):
            if handle >= 0:
                os.close(handle)
        pipes = {output: b"o", report: b"r"} if report >= 0 else {output: b"o"}
        limit = self._follow(pid, pipes)
        code = end_all(pid)
        for pipe, kind in pipes.items():
            while data := os.read(pipe, 1 << 16):  # all that could write is dead
                self._hosts.send(kind, data)
            os.close(pipe)
        return {"code": code, "limit": limit or self._told_by_kernel(code), "clean": clean(self._ours)}

    def _input(self) -> int:
        data = self._hosts.take(self._job["input"])
        if not data:
            return os.open(os.devnull, os.O_RDONLY)
        with open(_INPUT, "wb") as file:
            file.write(data)
        handle = os.open(_INPUT, os.O_RDONLY)
        os.unlink(_INPUT)
        return handle

    def _become(self, stdin: int, stdout: int, stderr: int) -> None:
        """Become the program; never returns."""
        try:
            for place, handle in enumerate((stdin, stdout, stderr)):
                os.dup2(handle, place)
            self._libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")  # rather than us
            os.setsid()
            os.nice(10)  # within the container: we must get our turn to stop them
            os.makedirs(self._job["environ"]["HOME"], exist_ok=True)
            os.chdir(self._job["folder"])
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            for name, bounds in self._job["rlimits"].items():
                resource.setrlimit(getattr(resource, name), bounds)
            os.execvpe(self._job["argv"][0], self._job["argv"], self._job["environ"])
        except OSError as error:
            os.write(2, f"{self._job['argv'][0]}: {error.strerror}\n".encode())
            os._exit(127 if isinstance(error, (FileNotFoundError, NotADirectoryError)) else 126)
        finally:
            os._exit(126)

    def _follow(self, pid: int, pipes: dict[int, bytes]) -> str | None:
        """Until the program ends, a limit is met or the host says so."""
        ended = os.pidfd_open(pid)
        try:
            with selectors.DefaultSelector() as selector:
                for handle in (ended, 0, *pipes):
                    selector.register(handle, selectors.EVENT_READ)
                next_poll = time.monotonic() + _POLL_SECONDS
                while True:
                    ready = {key.fd for key, _ in selector.select(max(0.0, next_poll - time.monotonic()))}
                    for pipe in ready & pipes.keys():
                        if data := os.read(pipe, 1 << 16):
                            self._hosts.send(pipes[pipe], data)
                        else:
                            selector.unregister(pipe)
                    if ready & {ended, 0}:
                        return None
                    if time.monotonic() >= next_poll:
                        if limit := self._over():
                            return limit
                        next_poll = time.monotonic() + _POLL_SECONDS
        finally:
            os.close(ended)

    def _over(self) -> str | None:
        """The limit that is exceeded now."""
        limits, kernel = self._limits, self._kernel
        tasks = kernel.tasks() - OURS
        if tasks > limits["tasks"] or (
            tasks > limits["processes"] and len(processes()) - OURS > limits["processes"]
        ):
            return "processes"
        if kernel.killed_for_memory() > self._killed or kernel.memory() - self._memory > limits["memory"]:
            return "memory"
        if limits["cpu"] is not None and kernel.cpu_seconds() - self._cpu > limits["cpu"]:
            return "cpu"
        if files_in_memory() > limits["files"]:
            return "files"
        self._look_for_nameless()
        return None

    def _told_by_kernel(self, code: int) -> str | None:
        """The limit for which the kernel ended the program, or refused it something before it failed."""
        if self._kernel.killed_for_memory() > self._killed:
            return "memory"
        if code and self._kernel.refused_tasks() > self._refused:
            return "processes"
        if code == 128 + signal.SIGXCPU and self._limits["cpu"] is not None:
            return "cpu"
        return "file" if code == 128 + signal.SIGXFSZ else None

    def _look_for_nameless(self) -> None:
        """Tell the host how much open files of the workspace hold that have no name any more."""
        now = time.monotonic()
        if now < self._next_look:
            return
        device = os.stat(self._job["folder"]).st_dev
        found = {
            status.st_ino: status.st_blocks * 512
            for status in nameless_files(processes() - self._ours, device)
        }
        if sum(found.values()) != self._nameless:
            self._nameless = sum(found.values())
            self._hosts.send(b"u", str(self._nameless).encode())
        cost = time.monotonic() - now
        self._next_look = now + max(_LOOK_SECONDS, 10 * cost)
