"""Branching off: a new session that begins with another one's events and goes on from one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from team.approval import Approver
from team.config import CodeGenerationConfig
from team.errors import UsageError
from team.replaying import recorded_config, recorded_spec, resume_session
from team.result import GenerationResult
from team.session import new_folder
from team.transcript import Transcript
from team.transcript.events import Snapshot
from team.transcript.history import History
from team.transcript.jsonlines import LOG_NAME, digest, parse_object
from team.transcript.origin import Origin
from team.transcript.outline import Row
from team.transcript.progress import Observer
from team.transcript.store import write_log
from team.workbench import secrets

if TYPE_CHECKING:
    from collections.abc import Iterator


def fork_session(
    folder: Path,
    at: int,
    *,
    message: str = "",
    config: CodeGenerationConfig | None = None,
    observers: Sequence[Observer] = (),
    approver: Approver | None = None,
) -> GenerationResult:
    """Go on from an event of a session in a new one. The old one is only read; none of its calls is repeated.

    Args:
        folder: the session's folder.
        at: the number of the last event to keep.
        message: what every role is shown from there on, beside the requirements.
        config: settings to go on with, such as another model; None is what the session ran with. The new
            session lands in its `work_dir`.
        observers: told of what is new.
        approver: asked where a human has the last word.

    Raises:
        UsageError: there is no such event, or nothing would follow it.
    """
    config = config or recorded_config(folder, work_dir=folder.absolute().parent)
    branch = make_branch(Transcript.open(folder), at, message, config)
    return resume_session(branch, config=config, observers=observers, approver=approver)


def make_branch(log: Transcript, at: int, message: str, config: CodeGenerationConfig) -> Path:
    """The folder of a new session that holds the events of `log` up to `at`, and their snapshots.

    Raises:
        UsageError: there is no such event, or nothing would follow it.
    """
    rows = _kept(log, at)
    folder = new_folder(config.work_dir, recorded_spec(log.folder).title)
    with (log.folder / LOG_NAME).open("rb") as file:
        lines = [_line(file, row) for row in rows]
    kept = [data for data in map(parse_object, lines) if data is not None]
    origin = Origin(
        session=log.session,
        seq=at,
        digest=digest(lines[-1]),
        calls=sum(data["type"] == "model_call" for data in kept),
        message=message.strip(),
    )
    write_log(folder, _events(kept, origin, config), secrets=secrets(config))
    _copy_history(log, rows, folder)
    return folder


def _kept(log: Transcript, at: int) -> list[Row]:
    rows = log.outline.rows
    if not rows or rows[0].type != "session_started":
        raise UsageError(f"{log.folder.name} lost its beginning, so nothing can go on from it")
    last = rows[-1].seq
    if not any(row.seq == at for row in rows):
        raise UsageError(f"{log.folder.name} has no event #{at}", f"its events are #0 to #{last}")
    kept = [row for row in rows if row.seq <= at]
    if kept[-1].type == "session_ended":
        raise UsageError(f"event #{at} is the end, nothing follows it", f"choose one before #{at}")
    return [row for row in kept if row.type != "session_ended"]


def _line(file: Any, row: Row) -> bytes:
    file.seek(row.offset)
    line: bytes = file.read(row.size)
    return line.removesuffix(b"\n")


def _events(
    kept: list[dict[str, Any]], origin: Origin, config: CodeGenerationConfig
) -> Iterator[dict[str, Any]]:
    """The events as they begin the new log: its settings, its origin, and a person's words at the end."""
    started, *others = kept
    yield started | {"config": config.public(), "origin": origin.model_dump()}
    yield from others
    if origin.message:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
        said = {"type": "message", "agent": "human", "step": "fork", "content": origin.message}
        yield said | {"iteration": kept[-1].get("iteration", 0), "ts": now}


def _copy_history(log: Transcript, rows: list[Row], folder: Path) -> None:
    shots = log.read_rows(row for row in rows if row.type == "snapshot")
    commits = [shot.commit for shot in shots if isinstance(shot, Snapshot) and shot.commit]
    kept = log.history
    (folder / "files").mkdir()
    if kept is not None and commits:
        History(folder / "history.git", folder / "files").take_over(kept, commits)
