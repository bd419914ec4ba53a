"""`list`: what past and running sessions left behind, and how a command finds one of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from team.cli.options import PRINTING, Flags, settings_of, takes
from team.cli.terminal import print_json, results

SessionName = Annotated[
    str, typer.Argument(metavar="SESSION", help="An id, the unique beginning of one, a path, or `last`.")
]
LOG = "transcript.jsonl"


@takes("work_dir", *PRINTING)
def list_sessions(
    flags: Flags,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="At most so many; 0: all.")] = 30,
) -> None:
    """List the sessions in the work_dir, the newest first."""
    from team.transcript import Transcript

    config = settings_of(flags).config
    names = session_names(config.work_dir)
    shown = [Transcript.open(config.work_dir / name) for name in (names[:limit] if limit else names)]
    if config.json_output:
        print_json({"sessions": [log.summary | {"path": str(log.folder.resolve())} for log in shown]})
        return
    if not names:
        results().print(
            f'no sessions in {config.work_dir} yet; start one with devteam run "…"', soft_wrap=True
        )
        return
    from team.transcript.render import session_table

    results().print(session_table(shown))
    if len(names) > len(shown):
        results().print(f"{len(names) - len(shown)} older ones: devteam list --limit 0", style="dim")


def session_names(work_dir: Path) -> list[str]:
    """The ids of all sessions in a folder, the newest first."""
    try:
        with os.scandir(work_dir) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and Path(entry, LOG).is_file()]
    except FileNotFoundError:
        return []
    return sorted(names, reverse=True)


def find_session(name: str, work_dir: Path) -> Path:
    """The folder of the session with that id, unique beginning of an id, path, or `last`.

    Raises:
        team.errors.SessionNotFound: there is none, or more than one begins so.
    """
    from team.errors import SessionNotFound
    from team.transcript import Transcript

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
    return Transcript.open(name, work_dir).folder
