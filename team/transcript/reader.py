"""`Transcript`: everything that a session left behind, read from its folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from team.errors import SessionNotFound
from team.result import RoleUsage
from team.transcript.events import Event, Gate, Message, ModelCall, SessionEnded, SessionStarted, Snapshot
from team.transcript.git import git_program
from team.transcript.history import History
from team.transcript.jsonlines import LOG_NAME
from team.transcript.locating import locate
from team.transcript.logfile import edge_lines, read_line, read_rows
from team.transcript.outline import Damage, Outline, Row, read_outline
from team.transcript.standing import began, unfinished
from team.transcript.summary import read_summary, sound_fields
from team.transcript.tally import Tally

E_ = TypeVar("E_", bound=Event)
CostKey = Literal["role", "model", "step", "iteration"]
_COST_KEYS: dict[CostKey, Callable[[ModelCall], str]] = {
    "role": lambda call: call.agent,
    "model": lambda call: str(call.answer.get("model") or ""),
    "step": lambda call: call.step,
    "iteration": lambda call: str(call.iteration),
}


class Transcript:
    """A session as its log tells it, up to the event that was the last one at first use.

    Only the places of the events are kept in memory; the events themselves are read each time they are asked
    for. Open it again to see later ones.

    Attributes:
        folder: the session's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, session: str | Path, work_dir: str | Path = "workspace") -> Self:
        """Open a session by its folder, its log file, or its id in `work_dir`.

        Raises:
            SessionNotFound: there is none; the message names the nearest ids.
        """
        return cls(locate(session, work_dir))

    def events(self, type: str | None = None) -> Iterator[Event]:
        """The events in order, of one type or all; a type from a newer version is a plain `Event`."""
        return (item for item in self.read(type) if isinstance(item, Event))

    def read(self, type: str | None = None) -> Iterator[Event | Damage]:
        """As `events`, with what is wrong with a line in the place of an event that cannot be read."""
        return self.read_rows(row for row in self.outline.rows if type in (None, row.type))

    def read_rows(self, rows: Iterable[Row]) -> Iterator[Event | Damage]:
        """The events on some lines of the outline."""
        return read_rows(self.folder / LOG_NAME, rows)

    def messages(self) -> tuple[Message, ...]:
        """What was said in the chat."""
        return self._all(Message)

    def answers(self, role: str | None = None) -> tuple[ModelCall, ...]:
        """The models' answers, of one role or all; `answer["content"]` is the text."""
        return tuple(call for call in self._all(ModelCall) if role in (None, call.agent))

    def gates(self, iteration: int | None = None) -> tuple[Gate, ...]:
        """What the gates said, in one iteration or all."""
        rows = (row for row in self.outline.rows if row.type == "gate" and iteration in (None, row.iteration))
        return tuple(event for event in self.read_rows(rows) if isinstance(event, Gate))

    def snapshots(self) -> tuple[Snapshot, ...]:
        """The states of the files."""
        return self._all(Snapshot)

    def cost(self, by: CostKey = "role") -> dict[str, RoleUsage]:
        """Calls, tokens and cost by role, model, step or iteration; no cost where a price is unknown."""
        return {name: tally.usage for name, tally in self.tallies(by).items()}

    def tallies(self, by: CostKey = "role") -> dict[str, Tally]:
        """As `cost`, with the seconds that were spent waiting for answers."""
        sums: dict[str, Tally] = defaultdict(Tally)
        for call in self.events("model_call"):
            if isinstance(call, ModelCall):
                sums[_COST_KEYS[by](call)].add(call)
        return dict(sums)

    def diff(self, iteration: int | None = None) -> str:
        """The unified diff of one iteration, or of the whole session; empty where no history was kept."""
        before, after = self._span(iteration)
        kept = self.history
        return kept.diff(before, after) if kept and after else ""

    def changes(self, iteration: int | None = None) -> dict[str, tuple[int, int]]:
        """Lines added and removed by path, in one iteration or in the whole session."""
        before, after = self._span(iteration)
        kept = self.history
        return kept.numbers(before, after) if kept and after else {}

    def changes_by_iteration(self) -> dict[int, dict[str, tuple[int, int]]]:
        """As `changes`, for every iteration that has a commit."""
        commits = {shot.iteration: shot.commit for shot in self.snapshots() if shot.commit}
        kept = self.history
        if kept is None or not commits:
            return {}
        numbers = sorted(commits)
        found = kept.numbers_of([commits[number] for number in numbers])
        return dict(zip(numbers, found, strict=True))

    @property
    def session(self) -> str:
        """The session's id."""
        rows = self.outline.rows
        return rows[0].session if rows else self.folder.name

    @property
    def started(self) -> SessionStarted | None:
        """What was to be built; None when the log lost it."""
        first, _ = self._edges
        if isinstance(first, SessionStarted):
            return first
        return next(iter(self._all(SessionStarted)), None)

    @property
    def ended(self) -> SessionEnded | None:
        """How it ended; None while it runs or after a crash."""
        first, final = self._edges
        if first is not None and isinstance(final, SessionEnded) and final.session == first.session:
            return final
        last = next((row for row in reversed(self.outline.rows) if row.type != "note"), None)
        read = next(self.read_rows([last])) if last is not None else None
        return read if isinstance(read, SessionEnded) else None

    @property
    def iterations(self) -> int:
        """The executor's turns."""
        return max((row.iteration for row in self.outline.rows), default=0)

    @property
    def when(self) -> str:
        """When it began, to the minute, in the time zone of its clock (UTC); empty when that is not known."""
        named = began(self.folder)
        if named:
            return named
        return next((event.ts[:16].replace("T", " ") for event in self.events()), "")

    @cached_property
    def summary(self) -> dict[str, Any]:
        """`session.json`. What it lacks after a crash is filled in from the log."""
        told = read_summary(self.folder)
        kept = sound_fields(told)
        ended_well = kept.get("status") not in (None, "running")
        if ended_well and kept == told:
            return kept
        started, ended = self.started, self.ended
        told = {"session": self.session}
        if started is not None:
            told |= started.model_dump(mode="json", include={"kind", "spec", "config", "versions", "sandbox"})
        return told | kept | (_ending(ended) if ended is not None else self._unfinished())

    @property
    def damage(self) -> tuple[str, ...]:
        """What could not be read of the log, in words; empty for a sound one. Reads the whole log."""
        unreadable = {item for item in self.read() if isinstance(item, Damage)}
        return tuple(map(str, sorted({*self.outline.damage, *unreadable})))

    @cached_property
    def history(self) -> History | None:
        """The history of the files; None where none was kept."""
        kept = self.folder / "history.git"
        if not (kept / "HEAD").is_file() or git_program() is None:
            return None
        return History(kept, self.folder / "files")

    @cached_property
    def _edges(self) -> tuple[Event | None, Event | None]:
        """The events on the first and the last line: what a long log is, told without going over it."""
        try:
            lines = edge_lines(self.folder / LOG_NAME)
        except OSError as error:
            raise SessionNotFound(f"{self.folder / LOG_NAME} cannot be read: {error.strerror}") from error
        first, last = map(read_line, lines)
        return first, last

    @cached_property
    def outline(self) -> Outline:
        """Where in the log which event stands, and which lines are none at first sight."""
        try:
            return read_outline(self.folder / LOG_NAME)
        except OSError as error:
            raise SessionNotFound(f"{self.folder / LOG_NAME} cannot be read: {error.strerror}") from error

    def _unfinished(self) -> dict[str, Any]:
        calls = self.cost().values()
        costs = [usage.cost_usd for usage in calls if usage.cost_usd is not None]
        totals = {
            "iterations": self.iterations,
            "calls": sum(usage.calls for usage in calls),
            "prompt_tokens": sum(usage.prompt_tokens for usage in calls),
            "completion_tokens": sum(usage.completion_tokens for usage in calls),
            "cost_usd": sum(costs) if len(costs) == len(calls) else None,
        }
        return unfinished(self.folder) | {"totals": totals}

    def _all(self, kind: type[E_]) -> tuple[E_, ...]:
        wanted = str(kind.model_fields["type"].default)
        return tuple(event for event in self.events(wanted) if isinstance(event, kind))

    def _span(self, iteration: int | None) -> tuple[str, str]:
        """The commits before and after; empty for no files at all, or where there is no such iteration."""
        commits = {shot.iteration: shot.commit for shot in self.snapshots() if shot.commit}
        if iteration is None:
            return commits.get(0, ""), commits[max(commits)] if commits else ""
        before = [number for number in commits if number < iteration]
        return commits[max(before)] if before else "", commits.get(iteration, "")


def _ending(ended: SessionEnded) -> dict[str, Any]:
    return ended.model_dump(mode="json", include={"status", "reason", "message", "totals"})
