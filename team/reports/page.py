"""A session as one page in Markdown: the verdict, what it rests on, and how it came about.

Everything is read from the log, and nothing of a clock is told: the same log gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from team.attempts import gist
from team.gates.base import Finding, GateResult
from team.proof import unproven
from team.result import GenerationResult
from team.steps import AUTHOR_STEPS
from team.transcript import Transcript
from team.transcript.blame import Regression, blame
from team.transcript.events import Approval, Event, Gate, Message, Snapshot, Verdict
from team.transcript.safe_text import one_line

MOST_FINDINGS = 50
MOST_FILES = 100
_SPECIAL = re.compile(r"([\\`*_\[\]{}<>|~#$])")
_LINKS = re.compile(r"://|@|www\.", re.IGNORECASE)


def page(log: Transcript, result: GenerationResult) -> str:
    """The report of a session that has ended.

    Args:
        log: its transcript.
        result: how it ended; its gates are those of the files handed back.
    """
    events = list(log.events())
    parts = [_head(log, result), _gates(events, result), _evidence(result)]
    parts += [_history(events), _findings(result), _cost(result), _files(result), _next(result)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def quoted(text: object, width: int = 300) -> str:
    """Text of others as one line of Markdown in which nothing is formatted, linked or mentioned."""
    line = _SPECIAL.sub(r"\\\1", one_line(str(text), width))
    return _LINKS.sub(lambda found: found[0][0] + "\u200b" + found[0][1:], line)


def _head(log: Transcript, result: GenerationResult) -> Iterator[str]:
    started = log.started
    yield f"# {str(result.status).capitalize()}: {quoted(log.session)}"
    yield ""
    yield f"**{result.reason}** — {quoted(result.message, 1000)}"
    yield ""
    if started is not None:
        yield f"- what: {started.kind}; sandbox: {quoted(started.sandbox) or 'none'}"
    usage = result.usage
    cost = "cost unknown" if usage.cost_usd is None else f"{usage.cost_usd:.4f} USD"
    yield f"- iterations: {result.iterations}; model calls: {usage.calls}; {cost}"
    yield from (f"- open rule: {quoted(rule)}" for rule in result.open_rules)


def _gates(events: Sequence[Event], result: GenerationResult) -> Iterator[str]:
    """A row for each gate, a column for each iteration; what was handed back is marked."""
    grid: dict[str, dict[int, Gate]] = {}
    for event in events:
        if isinstance(event, Gate):
            grid.setdefault(event.name, {})[event.iteration] = event
    turns = sorted({iteration for row in grid.values() for iteration in row})
    if not turns:
        return
    best = _handed_back(grid, result.gates, turns)
    yield "## Gates"
    yield ""
    yield "| gate | " + " | ".join(f"{turn}{' ←' if turn == best else ''}" for turn in turns) + " |"
    yield "|---|" + "---|" * len(turns)
    for name, row in grid.items():
        yield f"| {name} | " + " | ".join(_cell(row.get(turn)) for turn in turns) + " |"
    yield ""
    yield "Columns are iterations; ← marks the files that were handed back."


def _cell(gate: Gate | None) -> str:
    if gate is None:
        return ""
    count = sum(finding.severity != "minor" for finding in gate.findings)
    return f"**{gate.status}** ({count})" if gate.status in ("fail", "error") else gate.status


def _handed_back(
    grid: Mapping[str, Mapping[int, Gate]], gates: Mapping[str, GateResult], turns: Sequence[int]
) -> int | None:
    """The newest iteration whose gates said what the result says."""
    for turn in reversed(turns):
        said = {name: row[turn] for name, row in grid.items() if turn in row}
        if said.keys() == gates.keys() and all(
            (gates[name].status, gates[name].findings) == (gate.status, gate.findings)
            for name, gate in said.items()
        ):
            return turn
    return None


def _evidence(result: GenerationResult) -> Iterator[str]:
    yield "## Evidence, and what it does not prove"
    yield ""
    if not result.accepted:
        yield "The result was not accepted: nothing is claimed of it."
        return
    yield from (f"- {line}" for line in unproven(result.evidence))
    waived = [finding for gate in result.gates.values() for finding in gate.findings if finding.waived]
    yield from (f"- waived, and approved by a person: {_of(finding)}" for finding in waived)


def _history(events: Sequence[Event]) -> Iterator[str]:
    """What was said, changed, found and decided, iteration by iteration."""
    brought = blame(events)
    yield "## History"
    turn = -1
    for number, event in _by_turn(events):
        if number != turn:
            turn = number
            yield ""
            yield f"### Iteration {turn}"
            yield ""
        yield f"- {_words(event)}"
        if isinstance(event, Snapshot):
            yield from (f"- {_regression(one)}" for one in brought if one.iteration == turn)


def _by_turn(events: Sequence[Event]) -> Iterator[tuple[int, Event]]:
    """The events worth telling, each with the executor's turn that it leads to or follows."""
    told = (Message, Snapshot, Verdict, Approval)
    for event in events:
        if isinstance(event, Message) and event.step not in AUTHOR_STEPS | {"plan", "replan", "hand_over"}:
            continue
        if isinstance(event, told):
            yield event.iteration + isinstance(event, Message), event


def _words(event: Event) -> str:
    match event:
        case Message():
            said = quoted(gist(event.content), 200)
            return f"{event.agent}, {event.step} (#{event.seq}): {said or 'code alone'}"
        case Snapshot():
            return f"laid down: {', '.join(quoted(path) for path in event.changed) or 'nothing new'}"
        case Verdict():
            why = event.reason or "; ".join(str(finding) for finding in event.findings)
            return f"{event.agent}, {event.step}: **{quoted(event.verdict)}** {quoted(why)}".rstrip()
        case Approval():
            word = "yes" if event.approved else "no"
            return f"a person was asked: {quoted(event.question)} **{word}** {quoted(event.comment)}".rstrip()
        case _:
            return ""


def _regression(one: Regression) -> str:
    again = " turned red" if one.passed_before else ""
    source = f" with {one.agent}'s message #{one.seq}" if one.seq is not None else ""
    found = quoted(one.findings[0], 200) if one.findings else "red without a finding"
    more = f" and {len(one.findings) - 1} more" if len(one.findings) > 1 else ""
    return f"**{one.gate}**{again}{source}: {found}{more}"


def _findings(result: GenerationResult) -> Iterator[str]:
    found = [(gate.name, finding) for gate in result.gates.values() for finding in gate.findings]
    if not found:
        return
    yield "## Findings in the files handed back"
    yield ""
    order = ("critical", "major", "minor")
    found.sort(key=lambda pair: order.index(pair[1].severity))
    for gate, finding in found[:MOST_FINDINGS]:
        yield f"- {finding.severity}, {gate}: {_of(finding)}"
    if len(found) > MOST_FINDINGS:
        yield f"- and {len(found) - MOST_FINDINGS} more"


def _of(finding: Finding) -> str:
    return quoted(finding)


def _cost(result: GenerationResult) -> Iterator[str]:
    roles = result.usage.by_role
    if not any(usage.calls for usage in roles.values()):
        return
    yield "## Cost by role"
    yield ""
    yield "| role | calls | tokens in | tokens out | USD |"
    yield "|---|---:|---:|---:|---:|"
    for role, usage in roles.items():
        cost = "unknown" if usage.cost_usd is None else f"{usage.cost_usd:.4f}"
        yield f"| {role} | {usage.calls} | {usage.prompt_tokens} | {usage.completion_tokens} | {cost} |"


def _files(result: GenerationResult) -> Iterator[str]:
    if not result.files:
        return
    names = [file.removeprefix(result.work_dir + "/") for file in result.files]
    yield "## Files"
    yield ""
    yield from (f"- {quoted(name)}" for name in names[:MOST_FILES])
    if len(names) > MOST_FILES:
        yield f"- and {len(names) - MOST_FILES} more"


def _next(result: GenerationResult) -> Iterator[str]:
    yield "## Next"
    yield ""
    if result.reason.exit_code in (3, 130) or result.status == "stopped" or result.reason == "not_approved":
        yield f"- `devteam resume {result.session}` goes on from here"
    yield f"- `devteam show {result.session}` tells who said what, `--blame` who brought what is wrong"
    if result.accepted:
        yield f"- `devteam replay {result.session}` runs the same answers through the gates again"
