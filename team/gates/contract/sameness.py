"""Whether an answer is what was expected: judged here, on plain data alone. No object's `__eq__` is asked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from team.gates.runner.plain_values import NotPlain, decode

_NUMBERS = ("i", "f", "dec", "fr")
_MOST_PAIRS = 400
_LONGEST_SHOWN = 120


@dataclass(frozen=True)
class Tolerance:
    """How far two floating-point numbers may be apart."""

    relative: float = 1e-9
    absolute: float = 1e-12


EXACT = Tolerance()
"""For rounding alone: two ways to compute a number seldom agree in the last bits."""


def same(actual: Any, expected: Any, *, loose: bool = False, within: Tolerance = EXACT) -> bool:
    """Whether tagged data (see `team.gates.runner.plain_values`) is equal.

    As Python has it, but `True` is not 1, NaN is NaN, an expected `-0.0` asks for the sign, and
    floating-point numbers may differ by rounding.

    Args:
        actual: what was answered, by code that nobody trusts.
        expected: what was to be answered.
        loose: the expectation was written as JSON or YAML, which know no tuples, no dates, and only text as
        keys. within: how far floating-point numbers may be apart.
    """
    try:
        return _same(actual, expected, loose, within)
    except (RecursionError, NotPlain, ArithmeticError, ValueError, TypeError):
        return False


def shown(told: Any) -> str:
    """Tagged data as short Python text for people."""
    try:
        text = repr(decode(told))
    except (RecursionError, NotPlain, ValueError, TypeError):
        kind = told.get("x") if isinstance(told, dict) else None
        text = f"an object {kind[1]}" if isinstance(kind, list) and len(kind) == 2 else str(told)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _same(actual: Any, expected: Any, loose: bool, within: Tolerance) -> bool:
    def inner(left: Any, right: Any) -> bool:
        return _same(left, right, loose, within)

    if _is_number(actual) and _is_number(expected):
        return _same_number(decode(actual), decode(expected), within)
    kind, content = _parts(actual)
    wanted, items = _parts(expected)
    if loose:
        kind = "l" if kind == "t" else kind
        wanted = "l" if wanted == "t" else wanted
        if wanted == "str" and kind in ("date", "datetime", "time", "u", "dec"):
            kind = "str"
    if kind != wanted or kind == "x":
        return False
    if kind in ("l", "t"):
        return len(content) == len(items) and all(map(inner, content, items))
    if kind in ("s", "fs"):
        return len(content) == len(items) and _matched(content, items, inner)
    if kind == "d":
        return len(content) == len(items) and _same_pairs(content, items, inner, loose)
    if kind == "c":
        return all(_same_number(float(a), float(b), within) for a, b in zip(content, items, strict=True))
    return bool(content == items)


def _parts(told: Any) -> tuple[str, Any]:
    """The tag and what is under it."""
    if isinstance(told, list):
        return "l", told
    if isinstance(told, dict):
        ((tag, content),) = told.items()
        return tag, content
    return type(told).__name__, told


def _is_number(told: Any) -> bool:
    if isinstance(told, dict):
        return len(told) == 1 and next(iter(told)) in _NUMBERS
    return isinstance(told, int) and not isinstance(told, bool)


def _same_number(actual: Any, expected: Any, within: Tolerance) -> bool:
    if isinstance(actual, Decimal) and not actual.is_finite():
        actual = float(actual)
    if isinstance(expected, Decimal) and not expected.is_finite():
        expected = float(expected)
    if not (isinstance(actual, float) or isinstance(expected, float)):
        return bool(actual == expected)  # of exact types of ours; a Decimal is never written out for it
    if math.isnan(actual) or math.isnan(expected):
        return math.isnan(actual) and math.isnan(expected)
    left, right = float(actual), float(expected)
    if right == 0 and math.copysign(1, right) < 0 and isinstance(expected, float):
        return left == 0 and math.copysign(1, left) < 0
    return math.isclose(left, right, rel_tol=within.relative, abs_tol=within.absolute)


def _same_pairs(
    actual: list[Any], expected: list[Any], inner: Callable[[Any, Any], bool], loose: bool
) -> bool:
    def key(told: Any) -> str:
        return told if loose and isinstance(told, str) else _canonical(decode(told) if loose else told)

    found = {key(name): value for name, value in actual}
    wanted = {key(name): value for name, value in expected}
    return found.keys() == wanted.keys() and all(inner(found[name], wanted[name]) for name in wanted)


def _canonical(told: Any) -> str:
    """The same text for data that is equal as a key."""
    if isinstance(told, dict) and set(told) == {"f"} and float(told["f"]).is_integer():
        told = int(float(told["f"]))
    return json.dumps(told, sort_keys=True, default=str)


def _matched(actual: list[Any], expected: list[Any], inner: Callable[[Any, Any], bool]) -> bool:
    """Whether each item has one of its own on the other side."""
    if sorted(map(_canonical, actual)) == sorted(map(_canonical, expected)):
        return True
    if len(expected) > _MOST_PAIRS:
        return False
    left = list(actual)
    for item in expected:
        found = next((other for other in left if inner(other, item)), None)
        if found is None:
            return False
        left.remove(found)
    return True
