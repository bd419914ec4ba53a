"""Carries out, for confined code, the system calls that Landlock does not govern: modes and times.

Whoever owns a file may change them, wherever the file is. So the filter hands these calls over, and they
are made here, on what was found to lie where the code may write. The path is read and resolved once, by
the clerk: to change it, or what it leads to, in the meantime gains nothing.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import stat
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from executors.launcher import kernel
from executors.launcher.job import Job

_RECEIVE, _SEND, _STILL_VALID = 0xC0502100, 0xC0182101, 0x40082102
_REQUEST = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif, with its struct seccomp_data
_ANSWER = struct.Struct("=QqiI")  # struct seccomp_notif_resp
_TIMES = struct.Struct("=4q")
_AT_FDCWD, _AT_SYMLINK_NOFOLLOW, _AT_EMPTY_PATH = -100, 0x100, 0x1000
_UTIME_NOW, _UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2
_PAGE, _LONGEST_PATH = 4096, 4096
_SECOND = 1_000_000_000

_Found = tuple[int, Callable[[str], None]]
"""A descriptor of what the call is about, and what is to be done with the path of it."""


class Clerk:
    """Answers the calls of one run."""

    def __init__(self, listener: int, job: Job) -> None:
        self._listener = listener
        self._names = {int(number): name for number, name in job["answered"].items()}
        self._roots = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in job["writable"]}
        self._protected = job["protected"]
        self._calls: dict[str, Callable[[int, list[int]], _Found]] = {
            "chmod": self._chmod,
            "fchmod": self._fchmod,
            "fchmodat": self._fchmodat,
            "utimensat": self._utimensat,
        }

    def answer_all(self) -> None:
        """Until nobody is left who could call."""
        calls = select.poll()
        calls.register(self._listener, select.POLLIN)
        while True:
            # Without callers the kernel answers as if one had just been killed: that would be asked for ever.
            if any(event & select.POLLHUP for _, event in calls.poll()):
                return
            request = bytearray(_REQUEST.size)
            try:
                fcntl.ioctl(self._listener, _RECEIVE, request)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINTR):  # the caller was killed
                    continue
                return
            ident, pid, _, number, _, _, *arguments = _REQUEST.unpack(request)
            failure = self._answer(ident, pid, self._names.get(number, ""), arguments)
            with suppress(OSError):
                fcntl.ioctl(self._listener, _SEND, _ANSWER.pack(ident, 0, -failure, 0))

    def _answer(self, ident: int, pid: int, name: str, arguments: list[int]) -> int:
        """Carry out a call; 0 or the errno with which it failed."""
        try:
            found, act = self._calls[name](pid, arguments)
        except OSError as error:
            return errno.EPERM if error.errno in (errno.EXDEV, errno.ELOOP) else error.errno or errno.EPERM
        except (KeyError, ValueError):
            return errno.EPERM
        try:
            # Was it really read from the caller, and not from another process with its number?
            fcntl.ioctl(self._listener, _STILL_VALID, struct.pack("=Q", ident))
            if not self._is_writable(os.readlink(f"/proc/self/fd/{found}")):  # noqa: PTH115
                return errno.EPERM
            act(f"/proc/self/fd/{found}")
        except OSError as error:
            return error.errno or errno.EPERM
        finally:
            os.close(found)
        return 0

    def _chmod(self, pid: int, arguments: list[int]) -> _Found:
        path, mode, *_ = arguments
        return self._open(pid, _AT_FDCWD, path), _mode_setter(mode)

    def _fchmod(self, pid: int, arguments: list[int]) -> _Found:
        handle, mode, *_ = arguments
        return _open_handle(pid, handle), _mode_setter(mode)

    def _fchmodat(self, pid: int, arguments: list[int]) -> _Found:
        folder, path, mode, *_ = arguments
        return self._open(pid, folder, path), _mode_setter(mode)

    def _utimensat(self, pid: int, arguments: list[int]) -> _Found:
        folder, path, times, flags, *_ = arguments
        setter = _time_setter(_TIMES.unpack(_read(pid, times, _TIMES.size)) if times else None)
        if path == 0:
            return _open_handle(pid, folder), setter
        return self._open(pid, folder, path, flags), setter

    def _open(self, pid: int, folder: int, address: int, flags: int = 0) -> int:
        """Open what a path of the caller leads to, without leaving the folders where it may write."""
        path = _read_string(pid, address)
        if not path:
            if flags & _AT_EMPTY_PATH:
                return _open_handle(pid, folder)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not path.startswith("/"):
            path = f"{_folder_of(pid, _signed(folder))}/{path}"
        nofollow = os.O_NOFOLLOW if flags & _AT_SYMLINK_NOFOLLOW else 0
        for root in sorted(self._roots, key=len, reverse=True):
            if path == root or path.startswith(f"{root}/"):
                rest = path[len(root) :].lstrip("/") or "."
                return kernel.open_beneath(self._roots[root], rest, os.O_PATH | nofollow, links=True)
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    def _is_writable(self, path: str) -> bool:
        return _is_in(path, self._roots) and not _is_in(path, self._protected)


def _is_in(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _folder_of(pid: int, number: int) -> str:
    """The path of the folder that the caller has open under this number, or of its current one."""
    try:
        return os.readlink(f"/proc/{pid}/cwd" if number == _AT_FDCWD else f"/proc/{pid}/fd/{number}")  # noqa: PTH115
    except FileNotFoundError:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None


def _open_handle(pid: int, handle: int) -> int:
    """Open what the caller has open under this number."""
    try:
        return os.open(f"/proc/{pid}/fd/{_signed(handle)}", os.O_PATH)
    except FileNotFoundError:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None


def _mode_setter(mode: int) -> Callable[[str], None]:
    if mode & (stat.S_ISUID | stat.S_ISGID):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
    return lambda path: os.chmod(path, mode & 0o7777)  # noqa: PTH101


def _time_setter(times: tuple[int, ...] | None) -> Callable[[str], None]:
    def set_times(path: str) -> None:
        if times is None:
            os.utime(path)
            return
        now = os.stat(path)  # noqa: PTH116
        accessed = _nanoseconds(times[0], times[1], now.st_atime_ns)
        modified = _nanoseconds(times[2], times[3], now.st_mtime_ns)
        os.utime(path, ns=(accessed, modified))

    return set_times


def _nanoseconds(seconds: int, nanoseconds: int, unchanged: int) -> int:
    if nanoseconds == _UTIME_OMIT:
        return unchanged
    return time.time_ns() if nanoseconds == _UTIME_NOW else seconds * _SECOND + nanoseconds


def _read_string(pid: int, address: int) -> str:
    """A path in the caller's memory; read page by page, as the next one may not be there."""
    found = b""
    while b"\0" not in found:
        if len(found) >= _LONGEST_PATH:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        at = address + len(found)
        found += _read(pid, at, _PAGE - at % _PAGE)
    return os.fsdecode(found.partition(b"\0")[0])


def _read(pid: int, address: int, size: int) -> bytes:
    """Bytes of the caller's memory."""
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        found = os.pread(memory, size, address)
    except (OverflowError, OSError) as error:
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT)) from error
    finally:
        os.close(memory)
    if len(found) < size:
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
    return found


def _signed(number: int) -> int:
    """An `int` argument, as it stands in the low half of a register."""
    low = number & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
