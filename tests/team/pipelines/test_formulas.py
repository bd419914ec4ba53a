"""Formulas over columns: what is allowed, and what comes of missing values."""

from decimal import Decimal
from typing import Any

import pytest

from team.pipelines.evaluation import evaluate
from team.pipelines.formula_types import FormulaError
from team.pipelines.formulas import Formula

KINDS = {
    "amount": "decimal", "quantity": "integer", "ratio": "number", "name": "text", "paid": "boolean",
    "day": "date", "Order ID": "text",
}  # fmt: skip
ROW: dict[str, Any] = {
    "amount": Decimal("2.50"), "quantity": 4, "ratio": 0.5, "name": " Ann ", "paid": True, "day": None,
    "Order ID": "A1",
}  # fmt: skip


def condition(text: str, **changes: Any) -> bool:
    return bool(evaluate(Formula.parse(text).condition(KINDS), ROW | changes))


def value(text: str, **changes: Any) -> Any:
    return evaluate(Formula.parse(text).value(KINDS)[0], ROW | changes)


@pytest.mark.parametrize(
    "text",
    [
        "amount > 2",
        "2 < amount <= 2.5",
        "not (amount < 2 or quantity != 4)",
        "paid",
        "not (paid == false)",
        "name in [' Ann ', 'Bob'] and `Order ID` not in ('B1',)",
        "day is None",
        "len(strip(name)) == 3",
    ],
)
def test_conditions_that_hold(text: str) -> None:
    assert condition(text)


@pytest.mark.parametrize("text", ["amount > 0", "not (amount <= 0)", "amount == 0", "not (amount != 0)"])
def test_a_missing_value_is_neither_more_nor_less_nor_equal(text: str) -> None:
    assert not condition(text, amount=None)


def test_a_missing_value_is_different_from_everything() -> None:
    assert condition("amount != 0", amount=None)
    assert condition("name not in ['x']", name=None)


@pytest.mark.parametrize(
    ("text", "expected", "kind"),
    [
        ("amount * 100", Decimal(250), "decimal"),
        ("amount * 1.5", Decimal("3.75"), "decimal"),
        ("amount * ratio", 1.25, "number"),
        ("quantity / 8", 0.5, "number"),
        ("quantity // 3 + quantity % 3", 2, "integer"),
        ("-quantity", -4, "integer"),
        ("round(amount / 3, 2)", Decimal("0.83"), "decimal"),
        ("upper(strip(name)) + '!'", "ANN!", "text"),
        ("amount > 1", True, "boolean"),
        ("'DE'", "DE", "text"),
    ],
)
def test_expressions_and_their_types(text: str, expected: Any, kind: str) -> None:
    assert (value(text), Formula.parse(text).value(KINDS)[1]) == (expected, kind)


def test_what_needs_a_missing_value_is_missing() -> None:
    assert value("amount * 2", amount=None) is None
    assert value("amount / quantity", quantity=0) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("amount >", "not an expression"),
        ("__import__('os') == 1", "not allowed"),
        ("amount", "neither true nor false"),
        ("price > 0", "there is no column 'price'"),
        ("name > 3", "no value of a column that is text"),
        ("name > quantity", "does not go with"),
        ("amount / 0 > 1", "divides by 0"),
        ("lower(quantity) == 'x'", "does not take"),
        ("1 < 2", "names no column"),
        ("day > '31 January'", "no value of a column that is date"),
        ("[x for x in y] == 1", "not allowed"),
    ],
)
def test_what_is_no_condition_is_told(text: str, words: str) -> None:
    with pytest.raises(FormulaError, match=words):
        Formula.parse(text).condition(KINDS)


def test_columns_that_are_computed_with_must_be_numbers() -> None:
    formula = Formula.parse("a * b > 3 and c in [1, 2] and d == 'x' and abs(e) > f")
    assert formula.numeric_names() == {"a", "b", "c", "e"}
