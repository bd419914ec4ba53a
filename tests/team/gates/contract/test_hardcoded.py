"""Code that only knows the visible answers is found out; code that holds tables honestly is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.gate_trees import Make

from team.gates import judge
from team.gates.base import GateResult, GateSettings
from team.specs import TaskSpec

Judged = Callable[..., GateResult]

TEXT = "Write f(n), the factorial.\n\n>>> f(3)\n6\n>>> f(5)\n120\n"
TESTS = "from solution import f\n\n\ndef test_f() -> None:\n    assert f(3) == 6\n    assert f(5) == 120\n"

TABLE = "def f(n):\n    return {3: 6, 5: 120}[n]\n"
DEFAULT = "KNOWN = {3: 6, 5: 120}\ndef f(n):\n    return KNOWN.get(n, 1)\n"
BRANCHES = (
    "def f(n):\n    if n == 3:\n        return 6\n    if 5 == n:\n        return 120\n    return None\n"
)
INLINE = "def f(n):\n    return 6 if n == 3 else 120 if n == 5 else 0\n"
MATCH = "def f(n):\n    match n:\n        case 3: return 6\n        case 5: return 120\n"

HONEST = "def f(n):\n    return 1 if n < 2 else n * f(n - 1)\n"
BASE_CASES = HONEST.replace("return", "return {3: 6, 5: 120}[n] if n in (3, 5) else")


@pytest.fixture
def judged(target: Make) -> Judged:
    """The contract gate over a solution and its tests."""

    def one(source: str, text: str = TEXT, tests: str = TESTS) -> GateResult:
        files = {"solution.py": source, "tests/test_f.py": tests}
        (result,) = judge(
            replace(target(files, GateSettings(timeout=30)), spec=TaskSpec(requirements=text)), ["contract"]
        )
        return result

    return one


@pytest.mark.parametrize("source", [TABLE, DEFAULT, BRANCHES, INLINE, MATCH])
def test_answers_by_heart_are_a_finding(judged: Judged, source: str) -> None:
    (finding,) = judged(source).findings
    assert (finding.rule, finding.file, finding.severity) == ("hard-coded", "solution.py", "critical")
    assert "holds the 4 known answers as they are" in finding.message


def test_so_are_those_of_the_tests_where_the_requirements_have_none(judged: Judged) -> None:
    assert {f.rule for f in judged(TABLE, "The factorial.").findings} == {"hard-coded"}


@pytest.mark.parametrize("source", [HONEST, BASE_CASES])
def test_code_that_computes_is_none(judged: Judged, source: str) -> None:
    assert judged(source).status == "pass"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "D = {'mon': 1, 'tue': 2, 'sun': 7}\ndef f(n):\n    return D[n]\n",
            "`f('mon') == 1`, `f('sun') == 7`",
        ),
        ("D = {'mon': 1, 'sun': 7}\ndef f(n):\n    return D[n]\n", "`f('mon') == 1`, `f('sun') == 7`"),
        (
            "def f(n):\n    return {404: 'gone', 200: 'fine'}.get(n, 'odd')\n",
            "odd, but `f(404)` gives more\n\n`f(404) == 'gone'`, `f(200) == 'fine'`",
        ),
    ],
)
def test_a_table_of_names_is_none(judged: Judged, source: str, text: str) -> None:
    assert judged(source, text, "").status == "pass"


def test_an_honest_table_is_none(judged: Judged) -> None:
    roman = (
        "DIGITS = {1: 'I', 4: 'IV', 5: 'V'}\n"
        "def f(n):\n    text = ''\n    for value in sorted(DIGITS, reverse=True):\n"
        "        while n >= value:\n            text += DIGITS[value]\n            n -= value\n"
        "    return text\n"
    )
    text = "f(n) in Roman digits: `f(1) == 'I'`, `f(4) == 'IV'`, `f(5) == 'V'`"
    assert judged(roman, text, "").status == "pass"
