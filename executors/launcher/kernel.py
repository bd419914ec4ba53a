"""What Python's standard library has no function for: a few calls to the Linux kernel."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_OPENAT2 = 437
_ABI_VERSION = 1
_PATH_BENEATH = 1
_SCOPE_SIGNAL = 2
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522
_PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 24, 36, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08

_INT = struct.Struct("@i")

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_abi() -> int:
    """The version of Landlock that this kernel offers; 0 where it does not."""
    try:
        return _call(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _ABI_VERSION)
    except OSError:
        return 0


def create_ruleset(*, files: int = 0) -> int:
    """A ruleset that handles these rights, and keeps signals in: a descriptor."""
    scoped = _SCOPE_SIGNAL
    attributes = struct.pack("=QQQ", files, 0, scoped)
    return _call(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)


def add_path(ruleset: int, rights: int, handle: int) -> None:
    """Grant rights on the file or folder of a descriptor, and on everything beneath it."""
    _call(_LANDLOCK_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, handle), 0)


def restrict_self(ruleset: int) -> None:
    """Hold this process, and what it will start, to a ruleset, for ever."""
    _call(_LANDLOCK_RESTRICT_SELF, ruleset, 0)


def filter_calls(program: bytes) -> int:
    """Hold this process to a seccomp filter; the descriptor on which somebody else answers calls."""
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a short, padding, a pointer
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    return _call(_SECCOMP[os.uname().machine], _SET_MODE_FILTER, _NEW_LISTENER, described)


def give_up_privileges() -> None:
    """Drop every capability and every way to regain one."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(64):
        # Only root may, and only root needs to: without it, a program could get no file's capabilities.
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _call(_CAPSET[os.uname().machine], header, struct.pack("=6I", *[0] * 6))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def open_beneath(folder: int, path: str, flags: int, *, links: bool) -> int:
    """Open a path that stays beneath a folder, given by a descriptor, whatever links are on the way.

    Args:
        folder: where the path begins.
        path: relative.
        flags: of `os.open`.
        links: whether links that stay beneath the folder are followed.
    """
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, 0, _BENEATH | (_NO_MAGICLINKS if links else _NO_SYMLINKS))
    return _call(_OPENAT2, folder, os.fsencode(path), how, ctypes.c_size_t(len(how)))


def receive(connection: socket.socket, size: int, most: int) -> tuple[bytes, list[int]]:
    """A message with the descriptors that come with it, which no program that we start inherits.

    `socket.recv_fds` of Python 3.11 does not pass on the flag for that.
    """
    space = socket.CMSG_SPACE(most * _INT.size)
    message, attached, _, _ = connection.recvmsg(size, space, socket.MSG_CMSG_CLOEXEC)
    handles = [number for _, _, data in attached for (number,) in _INT.iter_unpack(data)]
    return message, handles


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise _failure()


def _call(*arguments: object) -> int:
    result = int(_libc.syscall(*arguments))
    if result < 0:
        raise _failure()
    return result


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
