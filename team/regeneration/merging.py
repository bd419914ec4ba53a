"""Merging what a person and a new generation made of the same text."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from team.errors import ConfigError
from team.transcript.git import git_program

YOURS, BEFORE, GENERATED = "yours", "before", "generated"
_OPENING = f"<<<<<<< {YOURS}"
_MARKERS = frozenset({_OPENING, f"||||||| {BEFORE}", f">>>>>>> {GENERATED}"})
_MOST_CONFLICTS = 127
_OPTIONS = ("--stdout", "--quiet", "--diff3", "-L", YOURS, "-L", BEFORE, "-L", GENERATED)


@dataclass(frozen=True)
class Merged:
    """A merged text, and the lines (from 1) at which a person has to choose."""

    content: bytes
    conflicts: tuple[int, ...]


def merge(base: bytes, yours: bytes, generated: bytes) -> Merged | None:
    """Merge by lines. Both sides' changes are in the result; where they meet, between conflict markers.

    The line ends of `yours` are kept. None: at least one of the three is not text.

    Raises:
        ConfigError: git is missing or cannot merge.
    """
    if not all(map(_is_text, (base, yours, generated))):
        return None
    if _is_dos(yours):
        base, generated = (_to_dos(content) for content in (base, generated))
    merged = _git_merge(base, yours, generated)
    return Merged(merged, open_markers(merged))


def open_markers(content: bytes) -> tuple[int, ...]:
    """The lines (from 1) of conflicts that nobody has decided yet; a conflict half undone counts."""
    lines = content.decode("utf-8", errors="replace").split("\n")
    marked = [number for number, line in enumerate(lines, 1) if line.rstrip("\r") in _MARKERS]
    opened = [number for number in marked if lines[number - 1].rstrip("\r") == _OPENING]
    return tuple(opened or marked[:1])


def _git_merge(base: bytes, yours: bytes, generated: bytes) -> bytes:
    program = git_program()
    if program is None:
        raise ConfigError("edited files are merged by git, which is not installed", "install git")
    with tempfile.TemporaryDirectory(prefix="merge-") as folder:
        for name, content in ((YOURS, yours), (BEFORE, base), (GENERATED, generated)):
            Path(folder, name).write_bytes(content)
        command = (program, "merge-file", *_OPTIONS, YOURS, BEFORE, GENERATED)
        done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, check=False)
    if not 0 <= done.returncode <= _MOST_CONFLICTS:
        said = done.stderr.decode(errors="replace").strip()
        raise ConfigError(f"git merge-file failed: {said or done.returncode}")
    return done.stdout


def _environment() -> dict[str, str]:
    nowhere = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": os.devnull}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "GIT_DIR": os.devnull} | nowhere


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _is_dos(content: bytes) -> bool:
    ends = content.count(b"\n")
    return ends > 0 and content.count(b"\r\n") == ends


def _to_dos(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
