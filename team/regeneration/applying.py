"""Writing a plan: all of it or nothing, and whoever is killed meanwhile leaves what can be undone.

Before anything is written, a journal says how every file was. It goes when the new manifest is in place;
where one is found, a process was killed, and the next one first undoes what that had begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from executors.folder import Folder, InTheWay
from executors.paths import safe_path
from team.errors import ConfigError, SessionBusy
from team.regeneration.manifest import FOLDER, NAME, Manifest, digest, packed, unpacked
from team.transcript.lock import lock_folder, unlock_folder

JOURNAL = f"{FOLDER}/undo.json"


def _checked_path(path: str) -> str:
    if safe_path(path) != path:
        raise ValueError(f"{path!r} is no path of a file")
    return path


def _checked_content(content: str) -> str:
    unpacked(content)
    return content


class Change(BaseModel):
    """One file: how it was (packed), and the digest that it is about to have; None: no file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: Annotated[str, AfterValidator(_checked_content)] | None
    after: str | None
    executable: bool = False


class Journal(BaseModel):
    """All that is about to be written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest: str
    changes: dict[Annotated[str, AfterValidator(_checked_path)], Change]


@contextmanager
def locked(output: Path) -> Iterator[Folder]:
    """The folder, made where it is missing, for this process alone; what a killed process began is undone.

    Raises:
        ConfigError: another process writes to it, or what was begun cannot be read.
        OSError: it cannot be made or written.
    """
    (output / FOLDER).mkdir(parents=True, exist_ok=True)
    try:
        lock = lock_folder(output / FOLDER)
    except SessionBusy:
        raise ConfigError(f"another process is writing to {output}", "wait for it") from None
    try:
        with Folder(output) as folder:
            _recover(folder, output)
            yield folder
    finally:
        unlock_folder(lock)


def apply(folder: Folder, output: Path, writes: Mapping[str, bytes | None], manifest: Manifest) -> None:
    """Write files (None removes one) and then the manifest. After an error everything is as it was.

    Raises:
        InTheWay: something that is no plain file stands at a path.
        OSError: the disk is full or fails.
    """
    content = manifest.dump()
    if not writes and folder.read(NAME) == content:
        return
    changes = {path: _change(folder, output, path, new) for path, new in writes.items()}
    journal = Journal(manifest=digest(content), changes=changes)
    folder.write(JOURNAL, journal.model_dump_json().encode())
    try:
        for path, new in writes.items():
            _put(folder, path, new, executable=changes[path].executable)
        folder.write(NAME, content)
    except BaseException:
        _undo(folder, journal)
        raise
    folder.remove(JOURNAL)


def _change(folder: Folder, output: Path, path: str, new: bytes | None) -> Change:
    old = folder.read(path)
    executable = old is not None and bool((output / path).stat().st_mode & 0o100)
    return Change(
        before=None if old is None else packed(old),
        after=None if new is None else digest(new),
        executable=executable,
    )


def _put(folder: Folder, path: str, content: bytes | None, *, executable: bool) -> None:
    if content is None:
        folder.remove(path)
    else:
        folder.write(path, content, executable=executable)


def _recover(folder: Folder, output: Path) -> None:
    folder.sweep(JOURNAL)
    content = folder.read(JOURNAL)
    if content is None:
        return
    try:
        journal = Journal.model_validate_json(content)
    except ValidationError as error:
        raise ConfigError(f"{output / JOURNAL} cannot be read", "remove it") from error
    for path in journal.changes:
        folder.sweep(path)
    manifest = folder.read(NAME)
    if manifest is None or digest(manifest) != journal.manifest:
        _undo(folder, journal)
    else:
        folder.remove(JOURNAL)


def _undo(folder: Folder, journal: Journal) -> None:
    """Put back every file that has been written; what somebody changed since stays."""
    for path, change in journal.changes.items():
        try:
            now = folder.read(path)
        except InTheWay:
            continue
        if change.after == (None if now is None else digest(now)):
            before = None if change.before is None else unpacked(change.before)
            _put(folder, path, before, executable=change.executable)
    folder.remove(JOURNAL)
