"""Sessions like those of the HumanEval benchmark, over two problems written by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from humaneval import Problem, is_refused, mutant_session, mutants, test_session, wrong_values

test_session.__test__ = False  # type: ignore[attr-defined]

PROMPT = '''def largest_gap(numbers):
    """The largest difference between neighbours of a sorted list; 0 for fewer than two numbers.
    >>> largest_gap([1, 4, 9])
    5
    >>> largest_gap([7])
    0
    """
'''
BODY = """    ordered = sorted(numbers)
    gaps = [right - left for left, right in zip(ordered, ordered[1:])]
    return max(gaps) if gaps else 0
"""
CHECK = """def check(candidate):
    assert True, "This prints if this assert fails 1 (good for debugging!)"
    assert candidate([1, 4, 9]) == 5
    assert candidate([7]) == 0, "one number"
    assert candidate([5, 1]) == 4
    for numbers, gap in [([], 0), ([3, 3], 0)]:
        assert candidate(numbers) == gap
"""
GAP = Problem("Hand/0", PROMPT, "largest_gap", PROMPT + BODY, CHECK)
SILENT = Problem("Hand/1", PROMPT.replace(">>> ", ""), "largest_gap", PROMPT + BODY, CHECK)


def test_the_mutants_are_refused_and_the_reference_is_not() -> None:
    assert not is_refused(GAP.solution, GAP.tests)
    assert is_refused(next(mutants(GAP.solution, "largest_gap")), GAP.tests)
    assert len(list(wrong_values(CHECK, "largest_gap"))) == 3


def test_a_mutant_is_never_accepted_and_the_reference_is_at_once() -> None:
    ending = mutant_session(GAP, review=False)
    assert (ending.accepted, ending.iterations, ending.code_written) == (True, 2, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "asked"), [(GAP, False), (SILENT, True)], ids=["evidence", "silent"])
def test_a_wrong_expected_value_is_repaired_in_the_test(problem: Problem, asked: bool) -> None:
    ending = test_session(problem, review=True)
    assert (ending.accepted, ending.code_written, ending.tests_written) == (True, 1, 2)
    assert ending.asked_fault is asked
