"""Sessions made up for tests and measurements: very long ones, very many, and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from team.gates.base import Finding
from team.transcript.events import (
    Event,
    Execution,
    Gate,
    Message,
    ModelCall,
    Note,
    SessionEnded,
    SessionStarted,
    Snapshot,
    Verdict,
)
from team.transcript.jsonlines import LOG_NAME, digest, encode
from team.transcript.summary import SUMMARY_NAME

HOSTILE = (
    "</script><img src=x onerror=alert(1)> \x1b[31mred\x1b]0;title\x07 \x1b]8;;http://x\x07link "
    "\u202egnp.exe\u2066 [bold]markup[/bold] \x9b2J\x00 {{7*7}} ${x} &lt; \r\n"
)
"""What a model may write to reach a reader's browser or terminal."""

GATES = ("syntax", "lint", "types", "security", "tests", "coverage")
BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def write_log(folder: Path, events: Iterator[Event] | list[Event]) -> Path:
    """Write events as a sound log: numbered, dated a second apart, chained. Not synced: this is bulk."""
    folder.mkdir(parents=True, exist_ok=True)
    prev = ""
    with (folder / LOG_NAME).open("wb") as file:
        for seq, event in enumerate(events):
            when = (BEGAN + timedelta(seconds=seq)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            envelope = {"v": 1, "session": folder.name, "seq": seq, "ts": when, "prev": prev}
            line = encode(event.model_dump(mode="json") | envelope)
            file.write(line + b"\n")
            prev = digest(line)
    return folder


def long_session(count: int = 10_000, size: int = 20_000_000) -> Iterator[Event]:
    """A session of `count` events and about `size` bytes: turns of eleven events, the last turn green."""
    turns = max(1, (count - 3) // 11)
    # A turn quotes its code in a request, its answer and its message.
    code = _code(max(40, size // turns // 3 - 900))
    yield SessionStarted(
        kind="run", spec={"requirements": "count"}, config={"model": "m"}, sandbox="namespaces"
    )
    yield Message(step="start", content="Write a counter.")
    for number in range(1, turns + 1):
        yield from _turn(number, code, red=number < turns)
    for number in range(count - 3 - turns * 11):
        yield Note(text=f"note {number}")
    yield SessionEnded(
        iteration=turns, status="accepted", reason="accepted", message="every gate passes", totals={}
    )


def _turn(number: int, code: str, *, red: bool) -> Iterator[Event]:
    answer = f"Attempt {number}.\n\n```python\n# filename: app/part_{number % 40}.py\n{code}```\n"
    request = ({"role": "system", "content": "You write code."}, {"role": "user", "content": code})
    yield ModelCall(
        agent="developer",
        iteration=number - 1,
        step="repair_code" if number > 1 else "code",
        request=request,
        request_digest=f"{number:064x}",
        answer={"content": answer, "model": "m"},
        prompt_tokens=900,
        completion_tokens=200,
        cost_usd=0.001,
        seconds=2.5,
    )
    yield Message(agent="developer", iteration=number - 1, step="code", content=answer)
    yield Snapshot(agent="developer", iteration=number, commit="", changed=(f"app/part_{number % 40}.py",))
    finding = Finding(file="app/part_1.py", line=number, rule="F821", message=f"undefined name 'y{number}'")
    for name in GATES:
        failed = red and name == "lint"
        found = (finding,) if failed else ()
        yield Gate(
            agent="executor",
            iteration=number,
            name=name,
            status="fail" if failed else "pass",
            findings=found,
            seconds=0.1,
        )
    yield Execution(
        agent="executor", iteration=number, command="python app.py", exit_code=0, output="3\n", seconds=0.1
    )
    yield Verdict(agent="code_reviewer", iteration=number, step="review", verdict="approve")


def _code(size: int) -> str:
    line = 'total = total + count("needle in a haystack", start=0)  # quotes " and \\ need escapes\n'
    return line * max(1, size // len(line))


def hostile_session(giant: int = 5_000_000) -> list[Event]:
    """Every field that a model, its code or its tools fill, filled with hostile text; and one giant line."""
    finding = Finding(file=HOSTILE, line=1, rule=HOSTILE, message=HOSTILE)
    return [
        SessionStarted(
            kind="run", spec={"requirements": HOSTILE}, config={"model": HOSTILE}, sandbox=HOSTILE
        ),
        Message(step="start", content=HOSTILE),
        ModelCall(
            agent=HOSTILE,
            step=HOSTILE,
            request=({"role": "user", "content": HOSTILE},),
            answer={"content": HOSTILE, "model": HOSTILE},
            prompt_tokens=1,
        ),
        Message(agent=HOSTILE, step=HOSTILE, content=HOSTILE),
        Message(agent="developer", step="code", content="x" * giant),
        Snapshot(agent=HOSTILE, iteration=1, commit=HOSTILE, changed=(HOSTILE,), refused=(finding,)),
        Gate(agent=HOSTILE, name=HOSTILE, status="fail", iteration=1, why=HOSTILE, findings=(finding,)),
        Execution(
            iteration=1,
            language=HOSTILE,
            command=HOSTILE,
            exit_code=1,
            output=HOSTILE,
            seconds=0,
            limit=HOSTILE,
        ),
        Verdict(
            agent=HOSTILE, iteration=1, step=HOSTILE, verdict=HOSTILE, findings=(finding,), reason=HOSTILE
        ),
        Note(text=HOSTILE),
        SessionEnded(iteration=1, status=HOSTILE, reason=HOSTILE, message=HOSTILE),
    ]


def write_sessions(work_dir: Path, count: int) -> None:
    """Make `count` small ended sessions, as a folder has them after a year of work."""
    for number in range(count):
        when = BEGAN + timedelta(minutes=number)
        write_small_session(work_dir / f"{when:%Y%m%d-%H%M%S}-task-{number:04x}", number)


def write_small_session(folder: Path, number: int = 0, **told: Any) -> Path:
    """One ended session of a dozen events with its `session.json`; every third one is rejected."""
    accepted = number % 3 != 0
    status, reason = ("accepted", "accepted") if accepted else ("rejected", "iterations")
    answer = f"```python\n# filename: app.py\nx = {number}\n```\n"
    gates = [Gate(agent="executor", iteration=1, name=name, status="pass") for name in GATES]
    if not accepted:
        found = (Finding(file="app.py", line=1, rule="F821", message=f"undefined name 'y{number}'"),)
        gates[1] = Gate(agent="executor", iteration=1, name="lint", status="fail", findings=found)
    usage = {"calls": 1, "prompt_tokens": 900, "completion_tokens": 200, "cost_usd": 0.001}
    totals = {"iterations": 1, **usage, "by_role": {"developer": usage}}
    totals["gates"] = {gate.name: {"status": gate.status, "findings": len(gate.findings)} for gate in gates}
    spec, config = {"requirements": f"Write task number {number}."}, {"model": f"m{number % 2}"}
    events: list[Event] = [
        SessionStarted(kind="run", spec=spec, config=config, sandbox="namespaces"),
        Message(step="start", content=spec["requirements"]),
        ModelCall(
            agent="developer",
            step="code",
            request=({"role": "user", "content": f"Write task number {number}."},),
            answer={"content": answer, "model": config["model"]},
            prompt_tokens=900,
            completion_tokens=200,
            cost_usd=0.001,
            seconds=1.0,
        ),
        Message(agent="developer", step="code", content=answer),
        Snapshot(agent="developer", iteration=1, commit="", changed=("app.py",)),
        *gates,
        SessionEnded(iteration=1, status=status, reason=reason, message=reason, totals=totals),
    ]
    write_log(folder, events)
    summary = {
        "session": folder.name,
        "title": f"task number {number}",
        "status": status,
        "reason": reason,
        "message": reason,
        "kind": "run",
        "spec": spec,
        "config": config,
        "totals": totals,
    }
    (folder / SUMMARY_NAME).write_text(json.dumps(summary | told))
    return folder
