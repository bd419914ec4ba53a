"""How a command finds the session that it is about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

SessionName = Annotated[
    str, typer.Argument(metavar="SESSION", help="An id, the unique beginning of one, a path, or `last`.")
]
LOG = "transcript.jsonl"
_SHOWN = 5


def session_names(work_dir: Path) -> list[str]:
    """The ids of all sessions in a folder, the newest first."""
    try:
        with os.scandir(work_dir) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and Path(entry, LOG).is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(names, reverse=True)


def find_session(name: str, work_dir: Path) -> Path:
    """The folder of the session with that id, unique beginning of an id, path, or `last`.

    Raises:
        team.errors.SessionNotFound: there is none, or more than one begins so.
    """
    from team.errors import SessionNotFound
    from team.transcript.locating import locate

    names = session_names(work_dir)
    if name == "last" and names:
        return work_dir / names[0]
    if name == "last":
        raise SessionNotFound(f"there is no session in {work_dir} yet", "choose another --work-dir")
    beginning = [known for known in names if known.startswith(name)] if name else []
    if name not in names and len(beginning) == 1:
        return work_dir / beginning[0]
    if name not in names and len(beginning) > 1:
        few = ", ".join(beginning[:3]) + (" …" if len(beginning) > 3 else "")
        raise SessionNotFound(f"{len(beginning)} sessions begin with {name!r}", f"say which: {few}")
    return locate(name, work_dir)


def tell_what_was_lost(folder: Path) -> None:
    """Say on stderr what a session that is to go on has lost of its log."""
    import sys

    from team.transcript import Transcript
    from team.transcript.safe_text import one_line

    lost = Transcript(folder).damage
    for line in lost[:_SHOWN]:
        print(f"lost in the record: {one_line(line, 200)}", file=sys.stderr)
    if len(lost) > _SHOWN:
        print(f"lost in the record: and {len(lost) - _SHOWN} more", file=sys.stderr)
