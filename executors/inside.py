"""Runs programs in a container, one after the other, and leaves nothing of one to the next.

Runs there alone, with nothing but the image's Python 3.9 or newer, as the user that the programs have, too:
the container has no capability to become another. Programs cannot look into it (it is not dumpable, and
ptrace is closed), nor reach its channels. They can kill it, which the host notices.

It is told on stdin: a line of JSON for a run, as many bytes of input as that says, and perhaps `stop`, a
line of its own. It answers on stdout in frames: a letter, four bytes of length, and the content. `h`
is a greeting, `o` output, `r` report, `u` the bytes in files without a name, `e` how the run ended.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import resource
import selectors
import shutil
import signal
import stat
import struct
import sys
import time
from contextlib import suppress
from typing import Any

_CGROUP = "/sys/fs/cgroup"
_IN_MEMORY = ("/tmp", "/dev/shm")
_INPUT = "/tmp/.input"
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36
_POLL_SECONDS = 0.02
_LOOK_SECONDS = 0.1
_CLEAN_SECONDS = 0.5
_MB = 1024 * 1024
_OURS = 3
"""How many processes are ours: the init, the one that holds the container, and this one."""


def main() -> None:
    """Serve until the host lets go."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    hosts = Hosts()
    kernel = Kernel()
    while len(_processes()) < _OURS:  # the one that holds the container starts when we do
        time.sleep(0.001)
    ours = _processes()
    while line := hosts.line():
        if line == "hello":
            greeting = {
                "python": sys.executable,
                "version": "{}.{}.{}".format(*sys.version_info[:3]),
                "pytest": importlib.util.find_spec("pytest") is not None,
                "uncounted": kernel.missing(),
            }
            hosts.send(b"h", json.dumps(greeting).encode())
        elif line != "stop":  # a late one, for a run that had just ended
            job = json.loads(line)
            hosts.send(b"e", json.dumps(Run(hosts, kernel, libc, ours, job).ending()).encode())


class Hosts:
    """The channels to the host."""

    def __init__(self) -> None:
        self._kept = b""

    def line(self) -> str:
        """The next line; empty when the host has let go."""
        while b"\n" not in self._kept:
            if not self._more():
                return ""
        line, _, self._kept = self._kept.partition(b"\n")
        return line.decode()

    def take(self, size: int) -> bytes:
        """The next bytes."""
        while len(self._kept) < size and self._more():
            pass
        data, self._kept = self._kept[:size], self._kept[size:]
        return data

    def _more(self) -> bool:
        data = os.read(0, 1 << 16)
        self._kept += data
        return bool(data)

    def send(self, kind: bytes, content: bytes) -> None:
        """Send a frame."""
        data = memoryview(kind + struct.pack(">I", len(content)) + content)
        while data:
            data = data[os.write(1, data) :]


class Kernel:
    """What the kernel counts for the container: both versions of control groups."""

    def __init__(self) -> None:
        self._new = os.path.exists(f"{_CGROUP}/cgroup.controllers")
        self._files = {
            name: path if self._new else f"{controller}/{old}"
            for name, path, controller, old in (
                ("memory", "memory.stat", "memory", "memory.stat"),
                ("out of memory", "memory.events", "memory", "memory.oom_control"),
                ("tasks", "pids.current", "pids", "pids.current"),
                ("refused tasks", "pids.events", "pids", "pids.events"),
                ("cpu", "cpu.stat", "cpuacct", "cpuacct.usage"),
            )
        }

    def missing(self) -> list[str]:
        """What cannot be counted here."""
        return [name for name in self._files if not os.access(f"{_CGROUP}/{self._files[name]}", os.R_OK)]

    def memory(self) -> int:
        """Bytes that processes and file systems in memory hold; no page cache."""
        fields = self._fields("memory")
        names = ("anon", "shmem") if self._new else ("total_rss", "total_shmem")
        return sum(fields.get(name, 0) for name in names)

    def killed_for_memory(self) -> int:
        """How often the kernel killed for want of memory."""
        return self._fields("out of memory").get("oom_kill", 0)

    def tasks(self) -> int:
        """Processes and their threads."""
        return int(self._text("tasks") or 0)

    def refused_tasks(self) -> int:
        """How often a process or thread was refused."""
        return self._fields("refused tasks").get("max", 0)

    def cpu_seconds(self) -> float:
        """Processor time of all, also of those that are gone."""
        if self._new:
            return self._fields("cpu").get("usage_usec", 0) / 1e6
        return int(self._text("cpu") or 0) / 1e9

    def _text(self, name: str) -> str:
        try:
            with open(f"{_CGROUP}/{self._files[name]}") as file:
                return file.read()
        except OSError:
            return ""

    def _fields(self, name: str) -> dict[str, int]:
        pairs = (line.split() for line in self._text(name).splitlines())
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


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
        code = _end_all(pid)
        for pipe, kind in pipes.items():
            while data := os.read(pipe, 1 << 16):  # all that could write is dead
                self._hosts.send(kind, data)
            os.close(pipe)
        return {"code": code, "limit": limit or self._told_by_kernel(code), "clean": _clean(self._ours)}

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
        tasks = kernel.tasks() - _OURS
        if tasks > limits["tasks"] or (
            tasks > limits["processes"] and len(_processes()) - _OURS > limits["processes"]
        ):
            return "processes"
        if kernel.killed_for_memory() > self._killed or kernel.memory() - self._memory > limits["memory"]:
            return "memory"
        if limits["cpu"] is not None and kernel.cpu_seconds() - self._cpu > limits["cpu"]:
            return "cpu"
        if _files_in_memory() > limits["files"]:
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
            for status in _nameless_files(_processes() - self._ours, device)
        }
        if sum(found.values()) != self._nameless:
            self._nameless = sum(found.values())
            self._hosts.send(b"u", str(self._nameless).encode())
        cost = time.monotonic() - now
        self._next_look = now + max(_LOOK_SECONDS, 10 * cost)


def _processes() -> set[int]:
    """All processes of the container."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _nameless_files(processes: set[int], device: int) -> list[os.stat_result]:
    found = []
    for pid in processes:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{name}")
                    if status.st_nlink == 0 and status.st_dev == device:
                        found.append(status)
    return found


def _files_in_memory() -> int:
    rooms = map(os.statvfs, _IN_MEMORY)
    return sum(room.f_files - room.f_ffree for room in rooms)


def _end_all(leader: int) -> int:
    """Kill all that this user runs here but us, and wait for all of it; the leader's exit code."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)  # all in one go: no fork can get away
    code = 0
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == leader:
                code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _clean(ours: set[int]) -> bool:
    """Empty what lies in memory; whether really nothing is left for the next run."""
    deadline = time.monotonic() + _CLEAN_SECONDS
    try:
        for folder in _IN_MEMORY:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if time.monotonic() > deadline:
                        return False
                    if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                        shutil.rmtree(entry.path)
                    else:
                        os.unlink(entry.path)
        queues = os.listdir("/dev/mqueue") if os.path.isdir("/dev/mqueue") else []
        return not queues and not _system_v() and _processes() == ours
    except (OSError, RecursionError):
        return False


def _system_v() -> bool:
    """Whether there is a message queue, semaphore or shared memory of System V."""
    for kind in ("msg", "sem", "shm"):
        with open(f"/proc/sysvipc/{kind}") as table:
            if len(table.readlines()) > 1:
                return True
    return False


if __name__ == "__main__":
    main()
