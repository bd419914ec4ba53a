"""Takes out of a workspace what a run planted there for those who come after it.

The host, its git and its tools later read and write in the workspace. What could turn them against the
user is removed once nothing runs any more, and named in the outcome's denials.
"""

from __future__ import annotations

import os
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from executors.scan import TOO_DEEP, Snapshot, mode_of, printable

_SET_ID = stat.S_ISUID | stat.S_ISGID


def disarm(root: Path, before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Remove or defuse what is new since `before`; the answer says what was done, sorted by path.

    - A `.git` that was not there: its hooks and configuration would run when somebody uses git here.
    - Pipes, sockets and devices: reading one can hang, or reach something else.
    - Links that lead out of the workspace: whoever reads or writes there would follow them.
    - Folders nested so deep that tools fail on them, when they try to clear them away, too.
    - Set-user-id and set-group-id bits: they would work outside of the sandbox.
    """
    done: list[str] = []
    gone = "\0"
    for path in sorted(after.entries):
        if before.entries.get(path) == after.entries[path] or path.startswith(gone):
            continue
        mode = mode_of(after.entries[path])
        problem = _problem(root, path, mode, known=path in before.entries)
        if problem is not None:
            _remove(root / path)
            gone = f"{path}/"
            done.append(f"{_shortened(printable(path))}: {problem} was removed")
        elif stat.S_ISREG(mode) and mode & _SET_ID:
            (root / path).chmod(stat.S_IMODE(mode) & ~_SET_ID)
            done.append(f"{printable(path)}: its set-id bit was removed")
    return tuple(done)


def lay_open(root: Path, after: Snapshot) -> bool:
    """Give the owner access to folders and files that a run closed to everybody; whether there were any."""
    found = False
    for path, stamp in after.entries.items():
        mode = mode_of(stamp)
        needed = stat.S_IRWXU if stat.S_ISDIR(mode) else stat.S_IRUSR if stat.S_ISREG(mode) else 0
        if mode & needed != needed:
            (root / path).chmod(stat.S_IMODE(mode) | needed)
            found = True
    return found


def _problem(root: Path, path: str, mode: int, *, known: bool) -> str | None:
    """What is wrong with an entry, in words, or None."""
    if path.rpartition("/")[2].lower() == ".git" and not known:
        return "a git repository made inside the sandbox"
    if stat.S_ISDIR(mode) and path.count("/") >= TOO_DEEP and not known:
        return "a folder nested too deep"
    if stat.S_ISLNK(mode):
        inside = Path(os.path.realpath(root / path)).is_relative_to(root)
        return None if inside else "a link that leads out of the workspace"
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "a pipe, socket or device"
    return None


def _shortened(path: str) -> str:
    return path if len(path) < 200 else f"{path[:100]}…{path[-99:]}"


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(path.lstat().st_mode):
            # Not by shutil, which fails on folders nested deeper than Python's stack.
            subprocess.run(["rm", "-rf", "--", path], capture_output=True, check=False)
        else:
            path.unlink()
