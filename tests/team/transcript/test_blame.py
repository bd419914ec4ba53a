"""Which message brought which failure."""

from __future__ import annotations

from team.gates.base import Finding, GateStatus
from team.transcript.blame import blame
from team.transcript.events import Event, Gate, Message, Verdict

CODE = "```python\n# filename: app.py\nx = y\n```"
TESTS = "```python\n# filename: tests/test_app.py\nimport app\n```"
UNDEFINED = Finding(file="app.py", line=3, rule="F821", message="undefined name 'y'")
FAILING = Finding(file="tests/test_app.py", rule="test-failed", message="test_it fails: assert 1 == 2")


def say(seq: int, agent: str, step: str, content: str) -> Message:
    return Message(seq=seq, agent=agent, step=step, content=content)


def gate(iteration: int, name: str, status: GateStatus, *findings: Finding) -> Gate:
    return Gate(iteration=iteration, name=name, status=status, findings=findings)


def told(events: list[Event]) -> list[tuple[str, int, int | None, str, bool]]:
    return [(one.gate, one.iteration, one.seq, one.agent, one.passed_before) for one in blame(events)]


def test_a_gate_that_was_green_turns_red_with_the_message_before_it() -> None:
    events = [
        say(1, "developer", "code", CODE),
        gate(1, "lint", "pass"),
        say(5, "developer", "repair_code", CODE),
        gate(2, "lint", "fail", UNDEFINED),
    ]
    assert told(events) == [("lint", 2, 5, "developer", True)]


def test_what_stays_red_is_not_brought_again_even_when_it_moves() -> None:
    moved = UNDEFINED.model_copy(update={"line": 9})
    events = [
        say(1, "developer", "code", CODE),
        gate(1, "lint", "fail", UNDEFINED),
        say(3, "developer", "repair_code", CODE),
        gate(2, "lint", "fail", moved),
    ]
    assert told(events) == [("lint", 1, 1, "developer", False)]


def test_of_two_authors_the_one_who_wrote_the_file_brought_the_finding() -> None:
    unused = Finding(file="tests/test_app.py", line=1, rule="F401", message="unused import")
    events = [
        say(1, "test_engineer", "tests", TESTS),
        say(2, "developer", "code", CODE),
        gate(1, "lint", "fail", unused, UNDEFINED),
    ]
    assert [(one.seq, one.findings) for one in blame(events)] == [(1, (unused,)), (2, (UNDEFINED,))]


def test_a_failing_test_came_with_whom_the_fault_names_else_with_the_last_author() -> None:
    events: list[Event] = [
        say(1, "test_engineer", "tests", TESTS),
        say(2, "developer", "code", CODE),
        gate(1, "tests", "fail", FAILING),
    ]
    assert told(events) == [("tests", 1, 2, "developer", False)]
    fault = Verdict(agent="code_reviewer", iteration=1, step="fault", verdict="test")
    assert told([*events, fault]) == [("tests", 1, 1, "test_engineer", False)]


def test_a_red_gate_that_names_nothing_is_told_once() -> None:
    events = [
        say(1, "developer", "code", CODE),
        gate(1, "types", "pass"),
        say(4, "developer", "repair_code", CODE),
        gate(2, "types", "fail"),
        gate(3, "types", "fail"),
    ]
    assert told(events) == [("types", 2, 4, "developer", True)]


def test_a_log_without_messages_still_tells_the_iteration() -> None:
    assert told([gate(1, "lint", "fail", UNDEFINED)]) == [("lint", 1, None, "", False)]
    assert blame([]) == []
