"""Landlock rules for a view: which files confined code may read, run and change.

Rules only ever grant, on a file or on a folder with all that is beneath it. So a folder with something
protected in it is granted entry by entry, and nothing new can be made directly in it.
Rights: the Linux kernel's `include/uapi/linux/landlock.h`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from executors.confinement import ETC, NETWORK_ETC, SYSTEM, View
from executors.errors import SandboxUnavailable
from executors.launcher import kernel

LEAST_ABI = 6
"""The first that holds signals in (Linux 6.12)."""

_MEND = "run Linux 6.12 or later, with `landlock` among its security modules (`lsm=` at boot)"

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_CHAR, _MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = (
    1 << bit for bit in range(6, 13)
)
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_HANDLED = (1 << 16) - 1

READ = _EXECUTE | _READ_FILE | _READ_DIR
WRITE = (READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_FIFO | _MAKE_SYM) | (
    _REFER | _TRUNCATE
)
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_DEVICES = {
    "null": _READ_FILE | _WRITE_FILE | _IOCTL_DEV,
    "zero": _READ_FILE | _WRITE_FILE,
    "full": _READ_FILE | _WRITE_FILE,
    "random": _READ_FILE,
    "urandom": _READ_FILE,
}
# Of /proc nothing that belongs to a process: rules cannot tell the code's own from others.
_FACTS = (
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
)


@dataclass(frozen=True)
class Grant:
    """Rights on a file, or on a folder and all that is beneath it."""

    path: Path
    rights: int
    root: Path | None = None
    """A folder that the path must not leave by a link: what code could have planted is never followed."""


def abi() -> int:
    """The version of Landlock that this kernel offers; 0 where it does not."""
    return kernel.landlock_abi()


def require() -> None:
    """Make sure that this kernel has a Landlock that holds all that we need held.

    Raises:
        SandboxUnavailable: it has not.
    """
    found = abi()
    if found == 0:
        raise SandboxUnavailable("this kernel has no Landlock", _MEND)
    if found < LEAST_ABI:
        raise SandboxUnavailable(f"Landlock is of ABI {found}, {LEAST_ABI} is needed", _MEND)


def grants(view: View, shims: Path, private: Iterable[Path], *, network: bool) -> Iterator[Grant]:
    """What a view lets code do.

    Args:
        view: what is visible.
        shims: a folder with names of programs.
        private: the run's own folders, for its temporary files.
        network: whether the machine's network may be used.
    """
    for system in SYSTEM:
        yield Grant(Path(system), READ)
    for name in (*ETC, *(NETWORK_ETC if network else ())):
        yield Grant(Path("/etc") / name, READ)
    for name, rights in _DEVICES.items():
        yield Grant(Path("/dev") / name, rights)
    for fact in _FACTS:
        yield Grant(Path(fact), _READ_FILE | _READ_DIR)
    for tree in (*view.interpreter.prefixes, *view.readable, shims):
        yield Grant(tree, READ)
    for folder in private:
        yield Grant(folder, WRITE)
    if view.cache is not None:
        yield Grant(view.cache, WRITE)
    if view.writable:
        protected = {view.work_dir / name for name in view.protected}
        yield from _all_but(protected, view.work_dir, view.work_dir)
    else:
        yield Grant(view.work_dir, READ)


def ruleset(wanted: Iterator[Grant]) -> int:
    """A ruleset with these grants: a descriptor. What is not there is left out.

    It says nothing of TCP: the system call filter opens no socket but where the network may be used.

    Raises:
        OSError: the kernel refuses it.
    """
    handle = kernel.create_ruleset(files=_HANDLED)
    try:
        for grant in wanted:
            _add(handle, grant)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _add(ruleset: int, grant: Grant) -> None:
    try:
        place = _open(grant)
    except OSError as error:
        # A loop, or a way out of the workspace: somebody planted a link while we looked.
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.EXDEV):
            return
        raise
    try:
        is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
        kernel.add_path(ruleset, grant.rights if is_folder else grant.rights & _OF_FILES, place)
    finally:
        os.close(place)


def _open(grant: Grant) -> int:
    if grant.root is None or grant.path == grant.root:
        return os.open(grant.path, os.O_PATH | os.O_CLOEXEC)
    root = os.open(grant.root, os.O_PATH | os.O_CLOEXEC)
    try:
        return kernel.open_beneath(root, str(grant.path.relative_to(grant.root)), os.O_PATH, links=False)
    finally:
        os.close(root)


def _all_but(protected: set[Path], folder: Path, root: Path) -> Iterator[Grant]:
    """The right to change everything in a folder but the protected entries, at whatever depth."""
    if not any(path.is_relative_to(folder) for path in protected):
        yield Grant(folder, WRITE, root)
        return
    yield Grant(folder, READ, root)
    if folder in protected:
        return
    for path in folder.iterdir():
        if path.is_dir():  # a link to one is left out where it is opened
            yield from _all_but(protected, path, root)
        elif path.is_file() and path not in protected:
            yield Grant(path, WRITE, root)
