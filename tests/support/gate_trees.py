"""Files for the gates to judge, and how a result is looked at."""

from __future__ import annotations

from collections.abc import Callable

from team.gates.base import GateResult, Target

MODULE = '''"""Arithmetic."""


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def half(number: int) -> float:
    """Half of a number that is not negative."""
    if number < 0:
        raise ValueError("negative")
    return number / 2
'''

TESTS = """import pytest

from app.calc import add, half


def test_add() -> None:
    assert add(1, 2) == 3


@pytest.mark.parametrize("number", [1, 2])
def test_half(number: int) -> None:
    assert half(number) == number / 2


class TestNegative:
    def test_is_refused(self) -> None:
        with pytest.raises(ValueError, match="negative"):
            half(-1)
"""

GOOD = {"app/__init__.py": '"""An application."""\n', "app/calc.py": MODULE, "tests/test_calc.py": TESTS}

Judge = Callable[..., GateResult]
Make = Callable[..., Target]


def rules(result: GateResult) -> set[str]:
    """The rules of a result's findings that decide."""
    return {finding.rule for finding in result.findings if finding.severity != "minor"}
