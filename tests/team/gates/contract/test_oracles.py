"""A problem's second solution and properties refuse wrong code, and say whose fault a failing test is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.gate_trees import Make

from team.errors import SpecError
from team.gates import judge
from team.gates.base import GateResult, GateSettings
from team.gates.testfailures import CODE_AT_FAULT, SILENT, TEST_AT_FAULT
from team.specs import ProblemSpec, load_spec

PROBLEM = {
    "description": "The numbers, each once, ascending.",
    "examples": [{"input": {"n": [2, 1]}, "expected": [1, 2]}],
}
SLOW = "def run_code(n):\n    return sorted(set(n))\n"
RULES = ["result == sorted(result)", "set(result) == set(n)"]

RIGHT = "def run_code(n):\n    return sorted(set(n))\n"
KEEPS = "def run_code(n):\n    return sorted(n)\n"
LOSES = "def run_code(n):\n    return sorted(n)[:2]\n"

Judged = Callable[..., GateResult]


@pytest.fixture
def judged(target: Make) -> Judged:
    """One gate's result over a solution of the problem with one test."""

    def one(gate: str, source: str, test: str = "run_code([2, 1]) == [1, 2]", **more: object) -> GateResult:
        tests = f"from solution import run_code\n\n\ndef test_it() -> None:\n    assert {test}\n"
        tree = target({"solution.py": source, "tests/test_it.py": tests}, GateSettings(timeout=30))
        (result,) = judge(replace(tree, spec=ProblemSpec.model_validate({**PROBLEM, **more})), [gate])
        return result

    return one


def test_code_that_differs_from_a_second_solution_is_refused(judged: Judged) -> None:
    (first, *_) = judged("contract", KEEPS, "run_code([3, 3]) == [3, 3]", reference=SLOW).findings
    assert (first.rule, first.file) == ("oracle", "solution.py")
    assert "a second solution says of run_code(" in first.message
    assert judged("contract", RIGHT, "run_code([3, 3]) == [3]", reference=SLOW).status == "pass"


def test_code_that_breaks_a_property_is_refused(judged: Judged) -> None:
    descending = "def run_code(n):\n    return [1, 2] if n == [2, 1] else sorted(set(n), reverse=True)\n"
    assert judged("contract", descending, properties=RULES).status == "pass"  # no example shows it
    assert judged("contract", RIGHT, properties=["len(result) > 2"]).findings[0].rule == "oracle"


@pytest.mark.parametrize(
    ("rule", "source", "test", "oracle"),
    [
        (TEST_AT_FAULT, RIGHT, "run_code([3, 3]) == [3, 3]", {"reference": SLOW}),
        (CODE_AT_FAULT, KEEPS, "run_code([3, 3]) == [3]", {"reference": SLOW}),
        (CODE_AT_FAULT, KEEPS, "run_code([3, 3]) == []", {"reference": SLOW}),
        (TEST_AT_FAULT, RIGHT, "run_code([3, 4]) == [4, 3]", {"properties": RULES}),
        (CODE_AT_FAULT, LOSES, "run_code([3, 4, 5]) == [3, 4, 5]", {"properties": RULES}),
        (SILENT, RIGHT, "run_code([3, 3]) == [3, 3]", {"properties": RULES}),
    ],
)
def test_they_settle_whose_fault_it_is(
    judged: Judged, rule: str, source: str, test: str, oracle: dict[str, object]
) -> None:
    (finding,) = judged("tests", source, test, **oracle).findings
    assert finding.rule == rule


def test_what_is_no_python_is_refused_at_the_door() -> None:
    for wrong in ({"reference": "def f(:"}, {"properties": ["result ="]}):
        with pytest.raises(SpecError, match="is no Python"):
            load_spec("solve", {**PROBLEM, **wrong})


def test_properties_are_told_and_the_second_solution_is_not() -> None:
    text = ProblemSpec.model_validate({**PROBLEM, "reference": SLOW, "properties": RULES}).requirements_text()
    assert "`set(result) == set(n)`" in text
    assert "sorted(set(n))" not in text
