"""The same failure after different patches, and failures that only look alike."""

from __future__ import annotations

import pytest

from team.fingerprints import fingerprint, fingerprints, normalised
from team.gates.base import Finding, GateResult

SAME = {
    "numbers": ("line 3 of 20 is 1.5 too long", "line 17 of 4 is -2 too long"),
    "addresses": ("<Stack object at 0x7f01> is empty", "<Stack object at 0x7fee> is empty"),
    "bare addresses": ("at 0x7f0102", "at 0x55aa"),
    "quoted values": ("assert 'two words' == 'two-words'", "assert \"a\" == b'c\\'d'"),
    "paths": ("cannot open /tmp/a/b.csv", "cannot open data/in.csv"),
    "order": ("assert {1, 2} == {3}", "assert {2, 1} == {4}"),
    "nested": ("assert [{'a': 1}, {'b': [2, 3]}] == []", "assert [{'c': 4}] == [1]"),
    "tracebacks": ("t fails: KeyError\na.py:3: in f\n    x", "t fails: KeyError\na.py:9: in g\n    y"),
    "examples": (
        "Falsifying example: test_it(\n    x=0,\n)",
        "Falsifying example: test_it(\n    x=-17,\n)",
    ),
    "white space": ("one   two", "one two"),
}
DIFFERENT = {
    "tests": ("tests/test_a.py::test_one fails: KeyError", "tests/test_a.py::test_two fails: KeyError"),
    "errors": ("t fails: KeyError: 'a'", "t fails: ValueError: 'a'"),
    "words": ("unused import", "undefined name"),
    "apostrophes": ("it doesn't parse, isn't it", "it doesn't run, isn't it"),
}


@pytest.mark.parametrize("messages", SAME.values(), ids=SAME)
def test_messages_of_one_failure_are_the_same(messages: tuple[str, str]) -> None:
    assert normalised(messages[0]) == normalised(messages[1])


@pytest.mark.parametrize("messages", DIFFERENT.values(), ids=DIFFERENT)
def test_messages_of_two_failures_are_not(messages: tuple[str, str]) -> None:
    assert normalised(messages[0]) != normalised(messages[1])


def test_gate_rule_and_file_count_and_the_line_does_not() -> None:
    finding = Finding(file="a.py", line=1, rule="F401", message="unused")
    assert fingerprint("lint", finding) == fingerprint("lint", finding.model_copy(update={"line": 9}))
    assert fingerprint("lint", finding) != fingerprint("types", finding)
    for change in ({"file": "b.py"}, {"rule": "F841"}):
        assert fingerprint("lint", finding) != fingerprint("lint", finding.model_copy(update=change))


def test_only_what_turns_a_gate_red_has_a_fingerprint() -> None:
    minor = Finding(file="a.py", rule="D100", severity="minor", message="no docstring")
    assert not fingerprints([GateResult(name="lint", status="pass", findings=(minor,))])
    silent = GateResult(name="types", status="fail", why="not judged: a.py cannot be compiled")
    assert [found.gate for found in fingerprints([silent])] == ["types"]


def test_fewer_of_one_kind_and_another_measurement_are_not_the_same() -> None:
    unused = Finding(file="a.py", line=1, rule="F401", message="unused `a`")
    two = GateResult(name="lint", status="fail", findings=(unused, unused))
    one = GateResult(name="lint", status="fail", findings=(unused,))
    assert fingerprints([two]) != fingerprints([one])
    missed = Finding(file="a.py", line=3, rule="coverage", message="no test reaches 5 lines: 3-7")
    fewer = missed.model_copy(update={"message": "no test reaches 2 lines: 3-4"})
    assert fingerprint("coverage", missed) != fingerprint("coverage", fewer)


def test_a_hostile_message_is_read_in_no_time() -> None:
    for hostile in ("[" * 5000, "'" * 5001, "a/" * 5000, "{#" * 5000, "<a" * 5000):
        normalised(hostile * 4)
