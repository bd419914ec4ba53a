"""What counts as the expected answer, on plain data that crossed a process border."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from team.gates.contract.sameness import Tolerance, same, shown
from team.gates.runner.plain_values import NotPlain, decode, encode


class Colour(IntEnum):
    RED = 1


class Point(NamedTuple):
    x: int
    y: int


class Liar:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "2"


class LyingText(str):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


SAME = [
    (2, 2),
    (2, 2.0),
    (0.1 + 0.2, 0.3),
    (float("nan"), float("nan")),
    (-0.0, 0.0),
    (-0.0, -0.0),
    (float("inf"), float("inf")),
    (1 << 12000, 1 << 12000),
    ("é\udc80", "é\udc80"),
    ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
    ({1.0: "x"}, {1: "x"}),
    ({3, 1, 2}, {1, 2, 3}),
    ({0.1 + 0.2}, {0.3}),
    (frozenset({(1, "a")}), frozenset({(1, "a")})),
    (b"\x00", b"\x00"),
    (Decimal("1.50"), Decimal("1.5")),
    (Decimal("2"), 2),
    (Fraction(4, 2), 2),
    (Colour.RED, 1),
    (Point(1, 2), (1, 2)),
    (date(2024, 2, 29), date(2024, 2, 29)),
    (complex(1, 2), complex(1, 2)),
    (None, None),
]
DIFFERENT = [
    (True, 1),
    (0, False),
    (1, "1"),
    ([1, 2], (1, 2)),
    ([1, 2], [2, 1]),
    ({1, 2}, [1, 2]),
    (0.0, -0.0),
    (0.30001, 0.3),
    (None, 0),
    ("", None),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({1: "x"}, {"1": "x"}),
    (b"a", "a"),
    (Liar(), 2),
    ([Liar()], [2]),
    (LyingText("no"), "yes"),
    (float("nan"), 0.0),
    (10**400, float("inf")),
    (Decimal("1E+999999"), 5),
    (Decimal("1E+999999"), 5.0),
    (Decimal("NaN"), 5),
    (Fraction(1, 3), Decimal("0.3333")),
]


@pytest.mark.parametrize(("actual", "expected"), SAME)
def test_equal_data_is_the_same(actual: Any, expected: Any) -> None:
    assert same(encode(actual), encode(expected))


@pytest.mark.parametrize(("actual", "expected"), DIFFERENT)
def test_other_data_is_not_whatever_its_own_code_says(actual: Any, expected: Any) -> None:
    assert not same(encode(actual), encode(expected))


@pytest.mark.parametrize(
    ("actual", "expected"),
    [((1, (2, 3)), [1, [2, 3]]), ({1: "x"}, {"1": "x"}), (date(2024, 1, 2), "2024-01-02"), ({1: 2}, {1: 2})],
)
def test_an_expectation_in_json_cannot_tell_tuples_and_keys_apart(actual: Any, expected: Any) -> None:
    assert same(encode(actual), encode(expected), loose=True)
    assert not same(encode(actual), encode([expected]), loose=True)


def test_a_tolerance_can_be_given() -> None:
    assert same(encode(0.333), encode(1 / 3), within=Tolerance(relative=0.01))


def test_data_survives_the_border() -> None:
    for value, _ in SAME:
        if not isinstance(value, Colour | Point | set | frozenset):
            assert repr(decode(encode(value))) == repr(value)


def test_what_is_too_deep_or_no_data_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(500):
        nested = [nested]
    with pytest.raises(NotPlain):
        encode(nested)
    with pytest.raises(NotPlain):
        decode({"no such tag": 1})


@pytest.mark.parametrize(
    "forged", [{"d": 5}, {"s": [[1], {}]}, {"f": "x"}, {}, {"i": "zz"}, {"t": {}}, {"l": 1}]
)
def test_forged_data_is_the_same_as_nothing(forged: Any) -> None:
    for value, _ in SAME:
        assert not same(forged, encode(value))


def test_values_are_shown_shortly() -> None:
    assert shown(encode((1, "a"))) == "(1, 'a')"
    assert shown(encode(object())).startswith("an object <object")
    assert len(shown(encode("x" * 1000))) <= 120
