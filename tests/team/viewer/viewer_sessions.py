"""Sessions to look at: one that stays red for eight iterations, with a history of its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from support.transcripts import GATES, write_log

from team.gates.base import Finding, GateStatus
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
from team.transcript.history import History

RED = "20260102-030405-bank-ledger-beef"
TASK = """\
A ledger of double-entry bookings.

## The rules

- A booking has `debits` and `credits` of the same sum, in **whole cents**.
- Accounts are made at their first booking; no account may fall below its limit.
- `balance(account, on=None)` is the balance at the end of a day.
"""
PLAN = (
    "One module, no state outside `Ledger`.\n\n```python\n"
    "class Ledger:\n    def book(self): ...\n    def balance(self): ...\n    def undo(self): ...\n```\n"
)


def red_session(folder: Path) -> Path:
    """Eight iterations: lint and tests fail, each time less; a human never sees green."""
    return write_log(folder, _events(_commits(folder)))


def _commits(folder: Path) -> list[str]:
    files = folder / "files"
    files.mkdir(parents=True)
    history = History(folder / "history.git", files)
    commits = []
    for number in range(1, 9):
        (files / "ledger.py").write_text(_code(number))
        if number == 1:
            (files / "test_ledger.py").write_text(
                "from ledger import Ledger\n\n\ndef test_books():\n    assert Ledger()\n"
            )
        commits.append(history.snapshot("developer", f"iteration {number}").commit)
    return commits


def _code(number: int) -> str:
    tries = "".join(f"    # attempt {each}\n    total_{each} = {each}\n" for each in range(1, number + 1))
    return (
        f"class Ledger:\n    limit = {number}\n\n{tries}\n    def book(self, cents):\n        return cents\n"
    )


def _events(commits: list[str]) -> Iterator[Event]:
    yield SessionStarted(
        kind="run",
        spec={"requirements": TASK, "title": "Bank ledger"},
        config={"model": "gpt-4o", "max_iterations": 8},
        sandbox="namespaces (bubblewrap)",
    )
    yield Message(step="start", content=TASK)
    yield from _said("architect", "plan", 0, PLAN, 0.004)
    tests = (
        "The tests follow the rules one by one.\n\n```python\n# filename: test_ledger.py\n"
        + "x = 1\n" * 40
        + "```\n"
    )
    yield from _said("test_engineer", "tests", 0, tests, 0.006)
    for number, commit in enumerate(commits, start=1):
        yield from _turn(number, commit)
    message = "the iterations are used up and a gate is still red: tests (2 findings)"
    yield SessionEnded(iteration=8, status="rejected", reason="iterations", message=message)


def _turn(number: int, commit: str) -> Iterator[Event]:
    answer = f"Attempt {number}: the limit is checked before anything is written.\n\n"
    answer += (
        f"```python\n# filename: ledger.py\n{_code(number)}```\n\nThe day's end is the last booking of it.\n"
    )
    yield from _said("developer", "repair_code" if number > 1 else "code", number - 1, answer, 0.0125)
    changed = ("ledger.py", "test_ledger.py") if number == 1 else ("ledger.py",)
    yield Snapshot(agent="developer", iteration=number, commit=commit, changed=changed)
    for name in GATES:
        found = _findings(name, number)
        status: GateStatus = "fail" if found else "skip" if name == "coverage" and number < 3 else "pass"
        why = "no test ran" if status == "skip" else ""
        yield Gate(
            agent="executor", iteration=number, name=name, status=status, findings=found, seconds=0.4, why=why
        )
    report = f"Gates: {1 + (number < 5)} of 6 red.\n- tests: fail ({10 - number} findings)"
    yield Message(agent="executor", iteration=number, step="execute", content=report)
    if number == 3:
        yield Execution(
            agent="executor",
            iteration=3,
            language="python",
            command="print(Ledger())",
            exit_code=1,
            output="NameError: Ledger\n",
            seconds=0.2,
        )
    if number == 4:
        yield Note(text="resumed by hand after an interruption")
    reason = "The requirements say that no account may fall below its limit; `book` checks afterwards."
    yield Verdict(agent="code_reviewer", iteration=number, step="fault", verdict="code", reason=reason)


def _findings(gate: str, number: int) -> tuple[Finding, ...]:
    if gate == "lint" and number < 5:
        return (Finding(file="ledger.py", line=number, rule="F821", message="undefined name 'Decimal'"),)
    if gate != "tests":
        return ()
    return tuple(
        Finding(
            file="test_ledger.py",
            line=10 * each,
            rule="test-failed",
            message=f"test_ledger.py::test_rule_{each} fails: AssertionError: assert {each} == 0\n"
            f"test_ledger.py:{10 * each}: in test_rule_{each}\n    assert balance == 0",
        )
        for each in range(1, 11 - number)
    )


def _said(role: str, step: str, iteration: int, answer: str, cost: float) -> Iterator[Event]:
    asked = ({"role": "system", "content": f"You are the {role}."}, {"role": "user", "content": TASK})
    yield ModelCall(
        agent=role,
        iteration=iteration,
        step=step,
        request=asked,
        request_digest="0" * 64,
        answer={"content": answer, "model": "gpt-4o", "finish_reason": "stop"},
        prompt_tokens=1450 + 310 * iteration,
        completion_tokens=420,
        cost_usd=cost,
        seconds=6.5 + iteration,
    )
    yield Message(agent=role, iteration=iteration, step=step, content=answer)
