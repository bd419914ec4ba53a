"""Where two sessions part, such as a recorded one and its replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import TypeVar

from team.transcript.events import Event, Execution, Gate, ModelCall, Verdict
from team.transcript.reader import Transcript
from team.transcript.safe_text import one_line

E_ = TypeVar("E_", bound=Event)
_SHOWN = 10
REPLAYED = "replayed"


def divergences(old: Transcript, new: Transcript, leftovers: Mapping[str, int] | None = None) -> list[str]:
    """Every difference that matters, one line of words each; empty for none.

    Compared are: what each role was asked (request digests), the files after each iteration, command blocks,
    gates, verdicts, and the ending. Dates, durations and costs are not.

    Args:
        old: the recorded session.
        new: the session that replayed it.
        leftovers: recorded answers that were not asked for, by role.
    """
    return [
        *_requests(old, new),
        *_trees(old, new),
        *_differing(old, new, Execution, lambda run: f"iteration {run.iteration}, command block", _outcome),
        *_differing(old, new, Gate, _gate_place, _judgement),
        *_differing(old, new, Verdict, lambda said: f"iteration {said.iteration}, {said.step}", _verdict),
        *_ending(old, new),
        *(f"{role}: {count} recorded answer(s) left over" for role, count in (leftovers or {}).items()),
    ]


def stale_evidence(old: Transcript, new: Transcript) -> list[str]:
    """What gates say differently of the recorded answers now, and with which other tools; empty for nothing.

    What a session that was cut off did not come to is not stale.

    Args:
        old: the recorded session.
        new: the session that replayed it.
    """
    whole = old.ended is not None
    changed = [
        difference
        for difference in _differing(old, new, Gate, _gate_place, _judgement)
        if whole or not difference.endswith(f": only {REPLAYED}")
    ]
    if not changed:
        return []
    then, now = (log.started.versions if log.started else {} for log in (old, new))
    tools = [
        f"{name} was {then.get(name, 'missing')}, is {now.get(name, 'missing')}"
        for name in sorted({**then, **now})
        if then.get(name) != now.get(name)
    ]
    return [*changed, *tools]


def _requests(old: Transcript, new: Transcript) -> Iterator[str]:
    for where, was, now in _pairs(old, new, ModelCall, lambda call: call.agent):
        if was is None or now is None:
            call = was or now
            yield f"{where}: an answer for {call.step if call else ''!r} was only {_side(was)}"
        elif was.request_digest and was.request_digest != now.request_digest:
            yield f"{where}: the answer for {was.step!r} belongs to another question{_first_change(was, now)}"


def _first_change(was: ModelCall, now: ModelCall) -> str:
    before, after = (
        "\n".join(part.get("content", "") for part in call.request).splitlines() for call in (was, now)
    )
    for number, (left, right) in enumerate(zip_longest(before, after, fillvalue=""), start=1):
        if left != right:
            return f": line {number} was {one_line(left, 60)!r}, is {one_line(right, 60)!r}"
    return ""


def _trees(old: Transcript, new: Transcript) -> Iterator[str]:
    before, after = _files(old), _files(new)
    for iteration in sorted({**before, **after}):
        if iteration not in before or iteration not in after:
            yield f"iteration {iteration}: only {'replayed' if iteration in after else 'recorded'}"
            continue
        left, right = before[iteration], after[iteration]
        differing = sorted(path for path in {**left, **right} if left.get(path) != right.get(path))
        if differing:
            more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
            names = ", ".join(one_line(path) for path in differing[:_SHOWN])
            yield f"iteration {iteration}: other files: {names}{more}"


def _files(transcript: Transcript) -> dict[int, dict[str, str]]:
    kept = transcript.history
    commits = {shot.iteration: shot.commit for shot in transcript.snapshots()}
    return {number: kept.files(commit) if kept and commit else {} for number, commit in commits.items()}


def _outcome(run: Execution) -> str:
    return f"limit {run.limit}" if run.limit else f"exit code {run.exit_code}"


def _judgement(gate: Gate) -> str:
    places = sorted(f"{finding.file}:{finding.line} {finding.rule}" for finding in gate.findings)
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return gate.status + (f" ({', '.join(places[:_SHOWN])}{more})" if places else "")


def _verdict(said: Verdict) -> str:
    return said.verdict


def _ending(old: Transcript, new: Transcript) -> Iterator[str]:
    before, after = (f"{end.status} ({end.reason})" if end else "not ended" for end in (old.ended, new.ended))
    if before != after:
        yield f"ending: {before} before, {after} now"


def _differing(
    old: Transcript, new: Transcript, kind: type[E_], name: Callable[[E_], str], told: Callable[[E_], str]
) -> Iterator[str]:
    for where, was, now in _pairs(old, new, kind, name):
        if was is None or now is None:
            yield f"{where}: only {_side(was)}"
        elif told(was) != told(now):
            yield f"{where}: {one_line(told(was), 300)} before, {one_line(told(now), 300)} now"


def _side(was: Event | None) -> str:
    return REPLAYED if was is None else "recorded"


def _gate_place(gate: Gate) -> str:
    return f"iteration {gate.iteration}, gate {gate.name}"


def _pairs(
    old: Transcript, new: Transcript, kind: type[E_], name: Callable[[E_], str]
) -> Iterator[tuple[str, E_ | None, E_ | None]]:
    """The events of one kind of both sessions, matched by name and order; a side that lacks one has None."""
    groups: dict[str, tuple[list[E_], list[E_]]] = defaultdict(lambda: ([], []))
    for side, transcript in enumerate((old, new)):
        for event in transcript.events():
            if isinstance(event, kind):
                groups[name(event)][side].append(event)
    for where, (before, after) in groups.items():
        for was, now in zip_longest(before, after):
            yield where, was, now
