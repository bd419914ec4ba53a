"""The writer of a session's log: one JSON object a line, appended and flushed as it happens."""

from __future__ import annotations

import errno
import os
import re
import secrets as random_source
import threading
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from team.errors import DiskTrouble, SessionNotFound, UsageError
from team.transcript.events import VERSION, Event
from team.transcript.jsonlines import LOG_NAME, digest, encode, parse_object, storable
from team.transcript.lock import lock_folder, unlock_folder
from team.transcript.logfile import read_log
from team.transcript.progress import Observer
from team.transcript.recall import Recall
from team.transcript.redaction import Redactor
from team.transcript.summary import read_summary, write_summary

__all__ = ["SessionLog", "new_session_id", "read_summary", "write_summary"]

Clock = Callable[[], datetime]
E_ = TypeVar("E_", bound=Event)

_SLUG = 20
_FREE_SPACE = "free some space or choose another --work-dir, then resume the session"
_sync = getattr(os, "fdatasync", os.fsync)


def utc_now() -> datetime:
    """The time of the machine's clock, in UTC."""
    return datetime.now(UTC)


def new_session_id(title: str, now: datetime) -> str:
    """A name for a session that sorts by time, such as `20261121-093015-invoice-3f2a`."""
    ascii_title = unicodedata.normalize("NFKD", Redactor().text(title)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_title[:400].lower()).strip("-")
    slug = words if len(words) <= _SLUG else words[: _SLUG + 1].rpartition("-")[0] or words[:_SLUG]
    return f"{now:%Y%m%d-%H%M%S}-{slug or 'session'}-{random_source.token_hex(2)}"


class SessionLog:
    """The log of one session, and the lock that keeps others out of its folder.

    Made by `create` or `reopen`; let go of with `close` or at the end of a `with` block. Safe to use from
    several threads.
    """

    def __init__(self, folder: Path, lock: int, *, secrets: Sequence[str], clock: Clock) -> None:
        self.folder = folder
        self.session = folder.name
        self.damage: tuple[str, ...] = ()
        self._lock: int | None = lock
        self._file = -1
        self._size = 0
        self._torn = False
        self._seq = 0
        self._prev = ""
        self._redactor = Redactor(secrets)
        self._clock = clock
        self._recall = Recall()
        self._observers: list[Observer] = []
        self._turn = threading.RLock()

    @classmethod
    def create(cls, folder: Path, *, secrets: Sequence[str] = (), clock: Clock = utc_now) -> Self:
        """Start the log of a new session in `folder`, whose name is the session's id.

        Raises:
            UsageError: the folder cannot be made or written, or holds a session already.
            SessionBusy: another process is working in it.
            DiskTrouble: the disk is full or broken.
        """
        folder = Path(folder).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            log = cls(folder, lock_folder(folder), secrets=secrets, clock=clock)
        except OSError as error:
            raise _cannot_start(folder, error) from error
        try:
            log._file = os.open(folder / LOG_NAME, _OPEN | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError as error:
            log.close()
            raise UsageError(
                f"{folder} already holds a session", f"devteam resume {folder.name}, or take another folder"
            ) from error
        except OSError as error:
            log.close()
            raise _cannot_start(folder, error) from error
        return log

    @classmethod
    def reopen(cls, folder: Path, *, secrets: Sequence[str] = (), clock: Clock = utc_now) -> Self:
        """Go on with the log of a session that was ended or killed.

        A torn last line is cut off. What is already recorded is remembered: see `record` and `recorded`.

        Raises:
            SessionNotFound: there is no log in the folder.
            SessionBusy: another process is working on the session.
            DiskTrouble: the log cannot be read or mended.
        """
        folder = Path(folder).absolute()
        if not (folder / LOG_NAME).is_file():
            raise SessionNotFound(f"{folder} holds no session", "devteam list shows the sessions")
        try:
            log = cls(folder, lock_folder(folder), secrets=secrets, clock=clock)
        except OSError as error:
            raise _disk_trouble(folder, error) from error
        try:
            log._go_on()
        except OSError as error:
            log.close()
            raise _disk_trouble(folder, error) from error
        return log

    def _go_on(self) -> None:
        self._file = os.open(self.folder / LOG_NAME, _OPEN)
        _mend_tail(self._file, self.folder / LOG_NAME)
        content = read_log(self.folder / LOG_NAME)
        lines = (self.folder / LOG_NAME).read_bytes().split(b"\n")
        self.damage = content.damage
        self._size = sum(len(line) + 1 for line in lines) - 1
        self._prev = digest(lines[-2]) if len(lines) > 1 else ""
        if content.events:
            self.session = content.events[-1].session
            self._seq = content.events[-1].seq + 1
        self._recall = Recall(content.events)

    def record(self, event: E_) -> E_:
        """Write an event down and tell the observers; returns it as it was written.

        `v`, `session`, `seq`, `ts` and `prev` are filled in and secrets taken out. In a reopened log an event
        of a kind that is recorded already (same type, agent, iteration and gate or step, in order) is not
        written again: the recorded one is returned, and observers hear nothing.

        Raises:
            DiskTrouble: the disk is full, read-only or broken. The log stays readable.
        """
        with self._turn:
            data = storable(self._redactor.data(event.model_dump(mode="json"))) | {"type": event.type}
            before = self._recall.match(type(event).model_validate(data))
            if isinstance(before, type(event)):
                return before
            data |= self._envelope()
            written = type(event).model_validate(data)
            line = encode(data)
            self._append(line)
            self._seq += 1
            self._prev = digest(line)
        for observer in self._observers:
            observer.on_event(written)
        return written

    @property
    def position(self) -> dict[str, Any]:
        """How many events the log has, and the digest of its last line, for `session.json`."""
        return {"events": self._seq, "digest": self._prev}

    def summarize(self, data: dict[str, Any]) -> None:
        """Replace `session.json`, with secrets taken out.

        Raises:
            DiskTrouble: the disk is full, read-only or broken; the old file is still there.
        """
        write_summary(self.folder, self._redactor.data(data))

    def recorded(self, type: str, **keys: object) -> Event | None:
        """The next recorded event of a type, to be used in place of doing the work again.

        Args:
            type: an event type, such as `model_call`.
            keys: fields that must be equal, such as `agent="developer"` or `name="tests"`.

        Each event is handed out once. It need not be recorded again; doing so is harmless.
        """
        with self._turn:
            return self._recall.serve(type, **keys)

    def subscribe(self, observer: Observer) -> None:
        """Tell `observer` of every event written from now on."""
        self._observers.append(observer)

    def status(self, text: str) -> None:
        """Tell the observers what is going on, without recording it."""
        for observer in self._observers:
            observer.on_status(text)

    def close(self) -> None:
        """Let go of the file and of the folder's lock; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self._lock is not None:
            unlock_folder(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _envelope(self) -> dict[str, object]:
        now = self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"v": VERSION, "session": self.session, "seq": self._seq, "ts": now, "prev": self._prev}

    def _append(self, line: bytes) -> None:
        try:
            if self._torn:
                os.ftruncate(self._file, self._size)
                self._torn = False
            self._torn = True
            rest = memoryview(line + b"\n")
            while rest:
                rest = rest[os.write(self._file, rest) :]
            _sync(self._file)
            self._torn = False
        except OSError as error:
            self._cut_back()
            raise _disk_trouble(self.folder, error) from error
        self._size += len(line) + 1

    def _cut_back(self) -> None:
        """Take a half-written line away; when even that fails, the next write tries first."""
        try:
            os.ftruncate(self._file, self._size)
            self._torn = False
        except OSError:
            self._torn = True


def write_log(folder: Path, events: Iterable[dict[str, Any]], *, secrets: Sequence[str] = ()) -> None:
    """Write a log at once that begins with events of another one: numbered, named and chained anew.

    Args:
        folder: the new session's, without a log so far.
        events: JSON objects with their `type`; their dates are kept.
        secrets: taken out, as from whatever is written.

    Raises:
        DiskTrouble: the log cannot be written.
    """
    redactor, prev = Redactor(secrets), ""
    try:
        with (folder / LOG_NAME).open("xb") as file:
            for seq, data in enumerate(events):
                envelope = {"v": VERSION, "session": folder.name, "seq": seq, "ts": "", "prev": prev}
                kept = {
                    name: value for name, value in data.items() if name not in ("v", "session", "seq", "prev")
                }
                line = encode(storable(redactor.data(envelope | kept)))
                file.write(line + b"\n")
                prev = digest(line)
            file.flush()
            _sync(file.fileno())
    except OSError as error:
        raise _disk_trouble(folder, error) from error


_OPEN = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


def _mend_tail(file: int, path: Path) -> None:
    """Make the log end with a newline: complete a whole last line, cut off a torn one."""
    content = path.read_bytes()
    tail = content[content.rfind(b"\n") + 1 :]
    if not tail:
        return
    # No part of a JSON object is one itself, so an object here lacks nothing but the newline.
    if parse_object(tail) is not None:
        os.write(file, b"\n")
    else:
        os.ftruncate(file, len(content) - len(tail))
    _sync(file)


def _cannot_start(folder: Path, error: OSError) -> UsageError | DiskTrouble:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return _disk_trouble(folder, error)
    return UsageError(f"cannot write a session to {folder}: {error.strerror}", "choose another --work-dir")


def _disk_trouble(folder: Path, error: OSError) -> DiskTrouble:
    return DiskTrouble(f"the log of {folder.name} cannot be written: {error.strerror}", _FREE_SPACE)
