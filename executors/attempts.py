"""Attempts to break out of a sandbox. Runs inside of it, alone, with the standard library only.

The argument is a JSON object that says what is outside (`Outside`). What is printed is a JSON list with
the names of the attempts that came through.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

_CLONE_NEWUSER = 0x10000000
_MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}
_UNSHARE = {"x86_64": 272, "aarch64": 97}
_AF_VSOCK, _AF_PACKET = 40, 17
_PTRACE_TRACEME = 0
_CAPABILITY_VERSION_3, _PR_GET_NO_NEW_PRIVS = 0x20080522, 39


class Outside(TypedDict):
    """What an attempt reaches for."""

    secret: str
    home: str
    port: int
    abstract: str
    socket: str
    pid: int
    started: str
    """When that process was started: inside, another one may have its number."""


def started_at(pid: int) -> str:
    """When a process was started, in ticks since the machine was."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def _reads_a_file_outside(outside: Outside) -> bool:
    return bool(Path(outside["secret"]).read_text())


def _reads_the_home_folder(outside: Outside) -> bool:
    home = Path(outside["home"])
    return home != Path("/") and any(path.is_file() and not path.is_symlink() for path in home.iterdir())


def _writes_outside_the_workspace(outside: Outside) -> bool:
    places = (Path(place) for place in ("/", "/usr", "/etc", "/dev", "/run", Path(sys.executable).parent))
    return any(_can_write(place) for place in places)


def _can_write(place: Path) -> bool:
    planted = place / f".devteam-attempt-{os.getpid()}"
    try:
        planted.touch()
        planted.unlink()
    except OSError:
        return False
    return True


def _opens_kernel_settings(outside: Outside) -> bool:
    return any(_can_open(f"/proc/{name}") for name in ("sys/kernel/core_pattern", "sysrq-trigger"))


def _can_open(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        return False
    return True


def _connects_to_the_host(outside: Outside) -> bool:
    with socket.create_connection(("127.0.0.1", outside["port"]), timeout=1):
        return True


def _connects_to_an_abstract_socket(outside: Outside) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + outside["abstract"])
        return True


def _opens_a_vsock(outside: Outside) -> bool:
    with socket.socket(_AF_VSOCK, socket.SOCK_STREAM):
        return True


def _opens_a_packet_socket(outside: Outside) -> bool:
    with socket.socket(_AF_PACKET, socket.SOCK_RAW):
        return True


def _connects_to_a_socket_outside(outside: Outside) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(outside["socket"])
        return True


def _makes_a_user_namespace(outside: Outside) -> bool:
    return _syscall(_UNSHARE[os.uname().machine], _CLONE_NEWUSER) == 0


def _makes_a_memory_file(outside: Outside) -> bool:
    return _syscall(_MEMFD_CREATE[os.uname().machine], b"attempt", 0) >= 0


def _traces(outside: Outside) -> bool:
    return bool(ctypes.CDLL(None).ptrace(_PTRACE_TRACEME, 0, 0, 0) == 0)


def _syscall(*arguments: object) -> int:
    return int(ctypes.CDLL(None).syscall(*arguments))


def _signals_a_process_outside(outside: Outside) -> bool:
    os.kill(outside["pid"], 0)
    return _is_really(outside)


def _bounds_a_process_outside(outside: Outside) -> bool:
    resource.prlimit(outside["pid"], resource.RLIMIT_CORE)
    return _is_really(outside)


def _is_really(outside: Outside) -> bool:
    try:
        return started_at(outside["pid"]) == outside["started"]
    except OSError:
        return True


def _changes_the_mode_of_a_file_outside(outside: Outside) -> bool:
    Path(outside["secret"]).chmod(0o600)
    return True


def _watches_a_folder_outside(outside: Outside) -> bool:
    libc = ctypes.CDLL(None)
    queue = libc.inotify_init()
    try:
        return bool(libc.inotify_add_watch(queue, os.fsencode(Path(outside["secret"]).parent), 0xFFF) >= 0)
    finally:
        os.close(queue)


def _makes_shared_memory(outside: Outside) -> bool:
    private, create = 0, 0o1600
    return bool(ctypes.CDLL(None).shmget(private, 4096, create) >= 0)


def _sees_other_processes(outside: Outside) -> bool:
    return sum(entry.name.isdigit() for entry in Path("/proc").iterdir()) > 2


def _has_capabilities(outside: Outside) -> bool:
    sets = ctypes.create_string_buffer(24)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    return ctypes.CDLL(None).capget(header, sets) != 0 or any(sets.raw)


def _may_gain_privileges(outside: Outside) -> bool:
    return bool(ctypes.CDLL(None).prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)


def _has_inherited_descriptors(outside: Outside) -> bool:
    return any(_is_open(number) for number in range(3, 256))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _is_root(outside: Outside) -> bool:
    return os.getuid() == 0


ATTEMPTS: tuple[Callable[[Outside], bool], ...] = (
    _reads_a_file_outside,
    _reads_the_home_folder,
    _writes_outside_the_workspace,
    _opens_kernel_settings,
    _connects_to_the_host,
    _connects_to_an_abstract_socket,
    _connects_to_a_socket_outside,
    _opens_a_vsock,
    _opens_a_packet_socket,
    _makes_a_user_namespace,
    _makes_a_memory_file,
    _traces,
    _signals_a_process_outside,
    _bounds_a_process_outside,
    _changes_the_mode_of_a_file_outside,
    _watches_a_folder_outside,
    _makes_shared_memory,
    _sees_other_processes,
    _has_capabilities,
    _may_gain_privileges,
    _has_inherited_descriptors,
    _is_root,
)


def _comes_through(attempt: Callable[[Outside], bool], outside: Outside) -> bool:
    try:
        return attempt(outside)
    except OSError:
        return False


if __name__ == "__main__":
    there: Outside = json.loads(sys.argv[1])
    through = [attempt for attempt in ATTEMPTS if _comes_through(attempt, there)]
    print(json.dumps([attempt.__name__.strip("_").replace("_", " ") for attempt in through]))
