"""Imports packages once, and then runs each program in a fork of itself, confined anew.

Runs there alone, inside bubblewrap, with nothing but the sandbox's Python 3.9 or newer. The arguments are a
descriptor to be told jobs on, and what to prepare, as JSON. No code of a workspace runs in this process:
it imports installed packages, stays single-threaded, and never reads what its forks write. A fork makes
namespaces of its own (processes, mounts, IPC, network, user), in which there is only its own workspace;
then it gives up its rights for good, takes the system call filter, and becomes the program.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import resource
import runpy
import select
import signal
import socket
import struct
import sys
import traceback
import types
from pathlib import Path
from typing import Any

_NEW_NS, _NEW_CGROUP, _NEW_UTS, _NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT = 1, 2, 4, 8, 32
_BIND, _REC, _PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2
_PR_DUMPABLE, _PR_SECCOMP, _PR_CAPBSET_DROP = 4, 22, 24
_PR_NO_NEW_PRIVS, _PR_AMBIENT = 38, 47
_FILTER_MODE, _AMBIENT_CLEAR_ALL, _CAPABILITY_VERSION = 2, 4, 0x20080522
_INTERFACE_FLAGS, _UP_AND_RUNNING = 0x8914, 0x1 | 0x40
_DESCRIPTORS = 5  # job, report to the host, stdin, stdout, stderr

_libc = ctypes.CDLL(None, use_errno=True)


class Filter(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def main(control: int, job: dict[str, Any]) -> dict[str, Any] | None:
    """Prepare, say so, and serve until the host lets go; in a fork, the program to run.

    The forks come back here so that programs start with an empty stack, as they do cold.
    """
    own_folder = sys.path[:1] == [""]
    del sys.path[: int(own_folder)]
    os.set_inheritable(control, False)
    host = socket.socket(fileno=control)
    for name in job["modules"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    exec(compile(job["prepare"], "<prepare>", "exec"), {"__name__": "prepare"})
    for name, value in job["environ"].items():  # ours was only for us
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as any Python has it
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.collect()
    gc.freeze()
    known = sorted({name.partition(".")[0] for name in sys.modules} | set(sys.builtin_module_names))
    threads = len(list(Path("/proc/self/task").iterdir()))
    host.send(json.dumps({"threads": threads, "known": known}).encode())
    if own_folder:
        sys.path.insert(0, "")
    return serve(host)


def serve(host: socket.socket) -> dict[str, Any] | None:
    """Fork for each job, and tell its host how the fork ended; in a fork, the program to run."""
    running: dict[int, tuple[int, int]] = {}  # pidfd → process, report
    ours = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    poll = select.poll()
    poll.register(host, select.POLLIN)
    while True:
        for ready, _ in poll.poll():
            if ready == host.fileno():
                received = receive(host)
                if received is None:
                    return None
                job, report, *standard = received
                process = fork(ours)
                if process == 0:
                    host.detach()  # closed with all other descriptors
                    return in_fork(job, report, standard)
                handle = os.pidfd_open(process)
                tell(report, handle)
                for given in (job, *standard):
                    os.close(given)
                running[handle] = (process, report)
                poll.register(handle, select.POLLIN)
            else:
                process, report = running.pop(ready)
                poll.unregister(ready)
                code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
                with contextlib.suppress(OSError):
                    os.write(report, str(code).encode())
                os.close(report)
                os.close(ready)


def receive(host: socket.socket) -> list[int] | None:
    """The descriptors of the next job; None when the host has let go."""
    size = array.array("i").itemsize
    data, ancillary, _, _ = host.recvmsg(16, socket.CMSG_SPACE(_DESCRIPTORS * size), socket.MSG_CMSG_CLOEXEC)
    handles = array.array("i")
    for _, _, content in ancillary:
        handles.frombytes(content)
    return list(handles) if data and len(handles) == _DESCRIPTORS else None


def fork(ours: int) -> int:
    """Fork into a new process namespace; 0 in the fork, its number in the server."""
    _check(_libc.setns(ours, _NEW_PID), "setns")
    _check(_libc.unshare(_NEW_PID), "unshare")
    return os.fork()


def tell(report: int, handle: int) -> None:
    """Hand the host a handle on a fork."""
    with socket.socket(fileno=os.dup(report)) as channel, contextlib.suppress(OSError):
        content = array.array("i", [handle])
        channel.sendmsg([b"p"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, content)])


def in_fork(job: int, report: int, standard: list[int]) -> dict[str, Any]:
    """The first process of the run's namespaces builds them, and a second one takes the program."""
    try:
        with os.fdopen(job, "rb") as file:
            told: dict[str, Any] = json.load(file)
        for place, handle in enumerate(standard):
            os.dup2(handle, place)
        os.dup2(report, 3)
        os.closerange(4, 1 << 16)
        confine(told)
        os.write(3, b"r")
        os.close(3)
        program = os.fork()
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(3, f"!{error}".encode())
        os._exit(255)
    if program == 0:
        _libc.prctl(_PR_DUMPABLE, 1, 0, 0, 0)  # as any program; the first process stays closed to it
        return told
    os.closerange(0, 3)
    process, ended = os.wait()
    while process != program:
        process, ended = os.wait()
    code = os.waitstatus_to_exitcode(ended)
    os._exit(code if code >= 0 else 128 - code)


def confine(told: dict[str, Any]) -> None:
    """Leave what the forks share, see only this run's things, and give up every right."""
    me = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)
    os.setsid()
    _check(_libc.unshare(_NEW_NS | _NEW_CGROUP | _NEW_UTS | _NEW_IPC | _NEW_NET), "unshare")
    mounts(told)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _INTERFACE_FLAGS, struct.pack("16sH14x", b"lo", _UP_AND_RUNNING))
    _check(_libc.unshare(_NEW_USER), "unshare")
    user = told["user"]
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} 0 1"), ("gid_map", f"{user} 0 1")):
        handle = os.open(name, os.O_WRONLY, dir_fd=me)
        os.write(handle, line.encode())
        os.close(handle)
    os.close(me)
    for name, soft, hard in told["rlimits"]:
        resource.setrlimit(name, (soft, hard))
    os.chdir(told["workspace"])
    give_up_rights(bytes.fromhex(told["filter"]))


def mounts(told: dict[str, Any]) -> None:
    """This run's workspace and folders in memory, its own /proc and terminals, and no other run's."""
    workspace, runs = told["workspace"], told["runs"]
    _mount("none", "/", None, _REC | _PRIVATE)
    _mount(f"{runs}/{told['folder']}", workspace, None, _BIND)
    if not told["writable"]:
        _mount("none", workspace, None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV)
    _check(_libc.umount2(runs.encode(), _DETACH), "umount")
    _mount("proc", "/proc", "proc", _RDONLY | _NOSUID | _NODEV | _NOEXEC)
    _mount("devpts", "/dev/pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    shown = {path: os.open(path, os.O_PATH) for path in told["shown"]}
    for place, size in told["memory"].items():
        _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, f"size={size},mode=1777")
    Path(told["home"]).mkdir(0o755)
    show_again(shown, told["links"])


def show_again(shown: dict[str, int], links: dict[str, str]) -> None:
    """What is to be read below a folder that now lies in memory, such as an environment in /tmp."""
    for path, handle in shown.items():
        source, target = Path(f"/proc/self/fd/{handle}"), Path(path)
        if source.is_dir():
            target.mkdir(0o755, parents=True, exist_ok=True)
        elif not target.exists():
            target.parent.mkdir(0o755, parents=True, exist_ok=True)
            target.touch()
        _mount(str(source), path, None, _BIND | _REC)
        os.close(handle)
    for path, link in links.items():
        Path(path).parent.mkdir(0o755, parents=True, exist_ok=True)
        Path(path).symlink_to(link)


def give_up_rights(code: bytes) -> None:
    """No capability, none to be gained, and the system call filter from here on."""
    capability = 0
    while _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _check(_libc.prctl(_PR_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    header, nothing = struct.pack("Ii", _CAPABILITY_VERSION, 0), bytes(24)
    _check(_libc.capset(header, nothing), "capset")
    _check(_libc.prctl(_PR_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    text = ctypes.create_string_buffer(code, len(code))
    program = Filter(len(code) // 8, ctypes.cast(text, ctypes.c_void_p))
    _check(_libc.prctl(_PR_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0), "seccomp")


def perform(told: dict[str, Any]) -> None:
    """Run the program as ``python -c`` or ``python -m`` would, and end as they do."""
    reseed()
    try:
        run(told["how"], told["what"], told["arguments"])
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
        if not isinstance(left.code, (int, type(None))):
            print(left.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - whatever the program threw ends it as it ends an interpreter
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code & 0xFF)


def run(how: str, what: str, arguments: list[str]) -> None:
    """The program, in a main module of its own."""
    sys.argv = [how if how == "-c" else what, *arguments]
    if how == "-m":
        sys.path[:1] = [os.getcwd()] if sys.path[:1] == [""] else sys.path[:1]  # noqa: PTH109
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = module
    exec(compile(what, "<string>", "exec"), module.__dict__)


def reseed() -> None:
    """Each fork has its own random numbers, as each start has; `random` sees to that by itself."""
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "tempfile" in sys.modules:
        vars(sys.modules["tempfile"])["_name_sequence"] = None


def _mount(source: str, place: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [text.encode() if text is not None else None for text in (source, place, kind, options)]
    done = _libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    _check(done, f"mount {place}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    taken = main(int(sys.argv[1]), json.loads(sys.argv[2]))
    if taken is not None:
        perform(taken)
