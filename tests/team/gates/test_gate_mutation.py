"""The mutation gate: which changes of the code the tests notice."""

from __future__ import annotations

from support.gate_trees import GOOD, MODULE, TESTS, Judge

from team.gates.base import GateSettings
from team.gates.integrity.modules import Module, read_module
from team.gates.mutation.mutants import mutants_of

EVERY_LINE = range(1, 1000)
BOUND = TESTS.replace("[1, 2]", "[0, 1, 2]")


def module(text: str) -> Module:
    read = read_module("app.py", text)
    assert read is not None
    return read


def changes(text: str) -> set[tuple[str, str]]:
    return {(mutant.was, mutant.now) for mutant in mutants_of(module(text), EVERY_LINE, 100)}


def test_survivors_are_told_and_decide_nothing(judged: Judge) -> None:
    result = judged("mutation", GOOD)
    assert result.status == "pass"
    assert result.why == "5 of 7 mutants noticed"
    assert {(finding.line, finding.severity) for finding in result.findings} == {(11, "minor")}


def test_with_a_threshold_they_decide(judged: Judge) -> None:
    result = judged("mutation", GOOD, GateSettings(timeout=60, mutation=90))
    assert result.status == "fail"
    assert "`number < 0` could be `number <= 0`" in " ".join(finding.message for finding in result.findings)


def test_better_tests_pass_it(judged: Judge) -> None:
    files = {**GOOD, "tests/test_calc.py": BOUND}
    assert judged("mutation", files, GateSettings(timeout=60, mutation=80)).status == "pass"


def test_it_waits_for_tests_that_hold(judged: Judge) -> None:
    files = {**GOOD, "app/calc.py": MODULE.replace("a + b", "a - b")}
    assert judged("mutation", files).status == "skip"


def test_mutants_are_the_same_for_the_same_code() -> None:
    first, second = (mutants_of(module(MODULE), EVERY_LINE, 3) for _ in range(2))
    assert [mutant.name for mutant in first] == [mutant.name for mutant in second]
    assert len(first) == 3


def test_what_is_changed() -> None:
    assert changes("def f(a, b):\n    return a < b and not b\n") == {
        ("return a < b and (not b)", "return None"),
        ("a < b", "a <= b"),
        ("a < b and (not b)", "a < b or not b"),
    }


def test_what_nobody_could_notice_is_left_alone() -> None:
    quiet = (
        "LIMIT = 3\n\n\ndef f(a: int = 1) -> None:\n    '''Text 1.'''\n    log.info('x' + str(1))\n"
        "    raise ValueError(f'{a + 1}')\n\n\nclass C:\n    def __repr__(self):\n        return 'C' * 2\n"
    )
    assert changes(quiet) == set()


def test_only_lines_that_tests_run_are_changed() -> None:
    assert {mutant.line for mutant in mutants_of(module(MODULE), {6}, 100)} == {6}
