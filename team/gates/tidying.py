"""Formats authors' files and makes ruff's safe fixes before they are judged."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from executors import Reported
from executors.scratch import ScratchFolder
from team.gates.base import Target, ToolFailed
from team.gates.pinned import RUFF_FIX, RUFF_FORMAT
from team.gates.tools import how_it_ended, read_json, run_program
from team.gates.trees import read_plain


def tidy(target: Target, files: Sequence[str]) -> tuple[str, ...]:
    """Format and safely fix files by the pinned configuration; return those that changed.

    A file that is no Python, or none of the target's, stays as it is; so do all when they are more than
    ruff can take.

    Raises:
        team.errors.GateError: ruff crashed or could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
        OSError: a file cannot be written.
    """
    known = {*target.sources, *target.tests}
    texts = {path: _text(target.root / path) for path in files if path in known}
    given = {path: text for path, text in texts.items() if text is not None}
    if not given:
        return ()
    job = {"files": given, "check": (*RUFF_FIX, *_first_party(known)), "format": RUFF_FORMAT}
    with ScratchFolder("tidy") as empty:
        done = run_program(target, empty, "tidy_files", json.dumps(job).encode())
    if done.outcome.limit:
        return ()
    try:
        changed = _changed(done)
    except ToolFailed as failed:
        from team.errors import GateError

        raise GateError(f"the files cannot be formatted: {failed}", "see `devteam doctor`") from failed
    for path, text in changed.items():
        _replace(target.root / path, text)
    return tuple(sorted(changed))


def _first_party(paths: Iterable[str]) -> tuple[str, str]:
    """What ruff has to be told, as it sees only some files of the tree, to sort imports as over all of it.

    Modules and packages at the top are the tree's own; a folder without `__init__.py` is none.
    """
    tops = (path.removeprefix("src/").removesuffix("/__init__.py").removesuffix(".py") for path in paths)
    names = sorted({name for name in tops if name.isidentifier()})
    return "--config", f"lint.isort.known-first-party = {json.dumps(names)}"


def _changed(done: Reported) -> dict[str, str]:
    if not done.outcome.ok:
        raise ToolFailed(how_it_ended("ruff", done))
    changed: dict[str, str] = read_json("ruff", done.report.decode("utf-8", "replace"))["files"]
    return changed


def _text(path: Path) -> str | None:
    content = read_plain(path)
    if content is None:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _replace(path: Path, text: str) -> None:
    """Put the new text in the file's place at once; what stood there is never written through."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".tidy-", delete=False) as beside:
        beside.write(text.encode())
    Path(beside.name).chmod(path.stat(follow_symlinks=False).st_mode & 0o777)
    Path(beside.name).replace(path)
