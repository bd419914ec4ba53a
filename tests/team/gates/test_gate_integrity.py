"""The integrity gate over whole trees: tests are tried without the code, and in the opposite order."""

from __future__ import annotations

from support.gate_trees import GOOD, Judge

DOUBTFUL = '''"""Tests, some of which test nothing."""

import pytest

from app import calc
from app.calc import add

SEEN: list[int] = []


def test_any_error() -> None:
    with pytest.raises((TypeError, ZeroDivisionError, NotImplementedError)):
        calc.half(0) / 0


def test_swallowed() -> None:
    try:
        add(1, 2)
    except Exception as error:
        print(error)


def test_of_something_else() -> None:
    assert sorted([2, 1]) == [1, 2]


def test_first() -> None:
    SEEN.append(add(1, 1))
    assert SEEN


def test_after_the_first() -> None:
    assert SEEN == [add(1, 1)]
'''

HONEST = '''"""Tests of what has no body."""

import pytest

from app.shop import LIMITS, Item, Shape, twice


def test_constants() -> None:
    assert LIMITS["low"] == 1


def test_a_model_without_code() -> None:
    assert Item("pen", 2).price == 2


def test_made_at_import() -> None:
    assert Item.NAMES == ["PEN"]


def test_what_is_left_open() -> None:
    with pytest.raises(NotImplementedError):
        Shape().area()


@pytest.mark.parametrize("number", [0, 1])
def test_twice(number: int) -> None:
    assert twice(number) == 2 * number
'''
SHOP = '''"""A shop."""

from dataclasses import dataclass
from typing import ClassVar

LIMITS = {"low": 1}


def shouted(name: str) -> str:
    """Run at the import."""
    return name.upper()


@dataclass
class Item:
    """A thing with a price."""

    name: str
    price: int
    NAMES: ClassVar[list[str]] = [shouted("pen")]


class Shape:
    """Something with an area."""

    def area(self) -> float:
        """For others to say."""
        raise NotImplementedError


def twice(number: int) -> int:
    """Two times a number."""
    return number * 2
'''


def test_tests_that_test_nothing_are_named(judged: Judge) -> None:
    result = judged("integrity", {**GOOD, "tests/test_doubtful.py": DOUBTFUL})
    found = {
        (finding.rule, finding.message.partition(" ")[0].rpartition("::")[2]) for finding in result.findings
    }
    assert found == {
        ("vacuous", "test_any_error"),
        ("vacuous", "test_swallowed"),
        ("vacuous", "test_of_something_else"),
        ("order-dependent", "test_after_the_first"),
    }


def test_tests_of_constants_and_models_test_something(judged: Judge) -> None:
    result = judged("integrity", {**GOOD, "app/shop.py": SHOP, "tests/test_shop.py": HONEST})
    assert (result.status, result.findings) == ("pass", ())


def test_a_skip_that_hides_code_is_found_when_it_happens(judged: Judge) -> None:
    text = (
        "import pytest\n\nfrom app import calc\n\n\ndef test_it() -> None:\n"
        "    if not hasattr(calc, 'multiply'):\n        pytest.skip('not available')\n"
        "    assert calc.multiply(2, 3) == 6\n"
    )
    result = judged("integrity", {**GOOD, "tests/test_more.py": text})
    assert {finding.rule for finding in result.findings} == {"switched-off"}
