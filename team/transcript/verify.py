"""Whether a session is still what was written: every byte of it is covered by a digest or by another record.

Each line of the log names the digest of the line before; `session.json` names the last one's and repeats what
the log says; a model call names the digest of what was asked; a snapshot names the commit of its files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from team.errors import SpecError
from team.models.base import Request
from team.specs import load_spec
from team.transcript.events import Message, ModelCall, Note, SessionEnded, SessionStarted, Snapshot
from team.transcript.jsonlines import LOG_NAME, digest, parse_object, storable
from team.transcript.reader import Transcript
from team.transcript.redaction import REDACTED
from team.transcript.summary import OTHER_SETTINGS, SUMMARY_NAME, read_summary
from team.transcript.worktree import entries
from team.worktree import paths

_FILES = 20


@dataclass(frozen=True)
class Problem:
    """Something that is not what was written: where (a file, with its line), and what is wrong with it."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Verification:
    """What a verification found: problems, and in words what could not be verified."""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing speaks against the session."""
        return not self.problems


def verify_session(log: Transcript) -> Verification:
    """Compare everything that a session left behind with its digests, and its records with each other.

    Raises:
        OSError: the log cannot be read.
    """
    path = log.folder / LOG_NAME
    breaks = [_problem(line) for line in chain_breaks(path)]
    if not any("torn" in problem.what for problem in breaks):
        breaks += _last_line(path, read_summary(log.folder))
    events = [Problem(f"{LOG_NAME}, line {lost.line}", lost.what) for lost in _damage(log)]
    problems = [*breaks, *events, *_requests(log), *_answers(log), *_summary(log), *_totals(log), *_tree(log)]
    return Verification(tuple(dict.fromkeys(problems)), tuple(_notes(log)))


def chain_breaks(path: Path) -> list[str]:
    """Where the chain of digests or the count of events breaks, in words; empty for an untouched log.

    A change of the last line alone cannot be seen in the log itself.

    Raises:
        OSError: the file cannot be read.
    """
    breaks = []
    expected, whole, number, chained = "", True, 0, False
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if not line.endswith(b"\n"):
                breaks.append(f"line {number + 1}: torn off while it was written")
                break
            data = parse_object(line)
            if data is None:
                breaks.append(f"line {number + 1}: not a JSON object")
            else:
                # A line that is no event at all was named already.
                chained = chained or "prev" in data
                if data.get("prev", "") != expected and (whole or number == 0):
                    breaks.append(_broken(number))
                if data.get("seq") != number:
                    breaks.append(f"line {number + 1}: carries the number {data.get('seq')!r}, not {number}")
            expected, whole = digest(line[:-1]), data is not None
    if number and not chained:
        others = [line for line in breaks if "names another digest" not in line]
        return [
            "line 1: names no digest, nor does any other: nothing tells whether a line was changed",
            *others,
        ]
    return breaks


def _broken(number: int) -> str:
    if number == 0:
        return "line 1: names a line before it"
    return f"line {number}: was changed, or the line after it: that one names another digest"


def _problem(line: str) -> Problem:
    where, _, what = line.partition(": ")
    return Problem(f"{LOG_NAME}, {where}", what)


def _last_line(path: Path, told: dict[str, Any]) -> Iterator[Problem]:
    recorded = told.get("log")
    if not isinstance(recorded, dict):
        return
    number, last = 0, b""
    with path.open("rb") as file:
        for last in file:  # noqa: B007 - the last one is wanted
            number += 1
    if recorded.get("digest") != digest(last.removesuffix(b"\n")):
        yield Problem(f"{LOG_NAME}, line {number}", f"is not the last line that {SUMMARY_NAME} names")


def _damage(log: Transcript) -> Iterator[Any]:
    from team.transcript.outline import Damage

    yield from (lost for lost in log.outline.damage if "belongs to another" in lost.what)
    yield from (item for item in log.read() if isinstance(item, Damage))


def _requests(log: Transcript) -> Iterator[Problem]:
    """What was asked has the digest that is recorded with it."""
    started = log.started
    config = started.config if started is not None else {}
    settings = {n: config[n] for n in ("temperature", "max_tokens") if config.get(n) is not None}
    for call in log.events("model_call"):
        if not isinstance(call, ModelCall) or not call.request_digest or len(call.request) != 2:
            continue
        told = storable({"messages": [part.get("content", "") for part in call.request]})
        system, user = told["messages"]
        if REDACTED in system + user:
            continue  # the digest is of what was sent
        request = Request(agent=call.agent, step=call.step, system=system, user=user, settings=settings)
        if request.digest != call.request_digest:
            yield Problem(_at(call.seq), f"what {call.agent} was asked ({call.step}) has another digest")


def _answers(log: Transcript) -> Iterator[Problem]:
    """What a role said in the chat is what its model answered."""
    answered: dict[str, str] = {}
    for event in log.events():
        if isinstance(event, ModelCall):
            answered[event.agent] = str(event.answer.get("content", ""))
        elif isinstance(event, Message) and event.content.strip() != _answer_of(event, answered):
            yield Problem(_at(event.seq), f"{event.agent} did not say what its model answered")


def _answer_of(message: Message, answered: dict[str, str]) -> str:
    """What the speaker's model last answered; what a person or the executor says is its own."""
    return answered.get(message.agent, message.content).strip()


def _summary(log: Transcript) -> Iterator[Problem]:
    """`session.json` repeats what the log says."""
    told, started, ended = read_summary(log.folder), log.started, log.ended
    if not told:
        yield Problem(SUMMARY_NAME, "is missing or cannot be read")
        return
    if started is None:
        yield Problem(LOG_NAME, "does not say what was to be built")
        return
    yield from _differing(told, started, ("kind", "spec"))
    notes = (event for event in log.events("note") if isinstance(event, Note))
    if not any(note.text.startswith(OTHER_SETTINGS) for note in notes):
        yield from _differing(told, started, ("config", "versions", "sandbox"))
    if told.get("title") != _title(started):
        yield Problem(SUMMARY_NAME, f"title is not what the spec says in {_at(started.seq)}")
    if told.get("session") != log.session:
        yield Problem(SUMMARY_NAME, f"is of the session {str(told.get('session'))[:80]!r}")
    if ended is not None:
        yield from _differing(told, ended, ("status", "reason", "message", "totals"))
        if told.get("files") != list(paths(log.folder / "files")):
            yield Problem(SUMMARY_NAME, "files are not those in the folder")


def _title(started: SessionStarted) -> str | None:
    try:
        return load_spec(started.kind, dict(started.spec)).title
    except SpecError:
        return None


def _differing(
    told: dict[str, Any], event: SessionStarted | SessionEnded, fields: tuple[str, ...]
) -> Iterator[Problem]:
    recorded = event.model_dump(mode="json", include=set(fields))
    for name in fields:
        if told.get(name) != recorded[name]:
            where = _first_difference(recorded[name], told.get(name), name)
            yield Problem(SUMMARY_NAME, f"{where} is not what the log says in {_at(event.seq)}")


def _first_difference(a: Any, b: Any, name: str) -> str:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in {**a, **b}:
            if a.get(key) != b.get(key):
                return _first_difference(a.get(key), b.get(key), f"{name}.{key}")
    return name


def _totals(log: Transcript) -> Iterator[Problem]:
    """The totals of the end are the sums of the calls, and an accepted tree has no red gate."""
    ended = log.ended
    if ended is None:
        return
    for role, usage in log.cost().items():
        told = (ended.totals.get("by_role") or {}).get(role)
        if ended.totals and told != usage.model_dump():
            yield Problem(_at(ended.seq), f"the totals of {role} are not the sum of its calls")
    red = [gate for gate in log.gates(log.iterations) if gate.status in ("fail", "error")]
    if ended.status == "accepted" and red:
        yield Problem(_at(red[0].seq), f"the gate {red[0].name} is red, but the session was accepted")


def _tree(log: Transcript) -> Iterator[Problem]:
    """The files are those of a snapshot: of the last one where they were accepted."""
    kept, ended = log.history, log.ended
    shots = [shot for shot in log.snapshots() if shot.commit]
    if kept is None:
        if shots:
            yield Problem("history.git", "is missing, or git is not installed: the files cannot be compared")
        return
    lost = [shot for shot in shots if not kept.holds(shot.commit)]
    yield from (Problem(_at(shot.seq), f"the history holds no commit {shot.commit[:12]}") for shot in lost)
    yield from (Problem("history.git", complaint) for complaint in kept.damage())
    sound = [shot for shot in shots if shot not in lost]
    if not sound or ended is None:
        return
    files = _blobs(log.folder / "files")
    wanted = sound[-1:] if ended.status == "accepted" else sound
    if not any(kept.files(shot.commit) == files for shot in wanted):
        yield from _other_files(kept.files(wanted[-1].commit), files, wanted[-1])


def _other_files(wanted: dict[str, str], found: dict[str, str], shot: Snapshot) -> Iterator[Problem]:
    differing = sorted(path for path in {**wanted, **found} if wanted.get(path) != found.get(path))
    for path in differing[:_FILES]:
        how = "is missing" if path not in found else "was added" if path not in wanted else "was changed"
        yield Problem(f"files/{path}", f"{how} since the snapshot of {_at(shot.seq)}")
    if len(differing) > _FILES:
        yield Problem("files", f"and {len(differing) - _FILES} more differ")


def _blobs(root: Path) -> dict[str, str]:
    """Every file with the digest that git gives it."""
    found = {}
    for entry in entries(root, []):
        blob = hashlib.sha1(b"blob %d\0" % len(entry.content) + entry.content, usedforsecurity=False)
        found[entry.path.decode(errors="backslashreplace")] = blob.hexdigest()
    return found


def _notes(log: Transcript) -> Iterator[str]:
    ended = log.ended
    if ended is None:
        yield "the session has no end: its last line and its files are not covered"
    elif not isinstance(read_summary(log.folder).get("log"), dict):
        yield f"{SUMMARY_NAME} names no digest, as an older version wrote it: the last line is not covered"
    if log.history is None and not log.snapshots():
        yield "no history of the files was kept"


def _at(seq: int) -> str:
    return f"event #{seq}"
