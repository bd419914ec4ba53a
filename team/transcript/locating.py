"""Where a session lies, found by its folder, its log file or its id."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from team.transcript.jsonlines import LOG_NAME


def locate(session: str | Path, work_dir: str | Path = "workspace") -> Path:
    """The folder of a session given by its folder, its log file, or its id in `work_dir`.

    Raises:
        SessionNotFound: there is none; the message names the nearest ids.
    """
    given = Path(session)
    for candidate in (given, Path(work_dir) / given):
        folder = candidate.parent if candidate.name == LOG_NAME else candidate
        if (folder / LOG_NAME).is_file():
            return folder
    from team.errors import SessionNotFound

    near = _nearest(given.name, Path(work_dir))
    mend = f"did you mean {' or '.join(near)}?" if near else "devteam list shows the sessions"
    raise SessionNotFound(f"there is no session {str(session)!r} in {work_dir}", mend)


def _nearest(name: str, work_dir: Path) -> list[str]:
    try:
        names = sorted(entry.name for entry in os.scandir(work_dir) if Path(entry, LOG_NAME).is_file())
    except OSError:
        return []
    holding = [known for known in names if name and name in known]
    return holding[-3:] or difflib.get_close_matches(name, names, n=3, cutoff=0.5)
