"""Values worth trying for a field: a realistic one first, then those at its limits and around its rules."""

from __future__ import annotations

import ast
import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from team.specs.entity import EntitySpec
from team.specs.evaluation import EnumValue
from team.specs.expressions import Expression
from team.specs.fields import FieldSpec
from team.specs.names import phrase, words
from team.specs.values import MAX_INTEGER, TEXT_TYPES

_BY_LAST_WORD = {
    "name": "Ada Lovelace", "title": "A short title", "city": "London", "country": "GB",
    "street": "1 High Street", "address": "1 High Street, London", "phone": "+44 20 7946 0000",
    "url": "https://example.com/1", "currency": "EUR", "color": "blue", "language": "en",
    "website": "https://example.com", "zip": "12345",
}  # fmt: skip
_CODES = frozenset({"number", "code", "sku", "reference", "key", "slug", "token", "isbn", "iban"})
_AMOUNTS = frozenset({"total", "amount", "price", "balance", "salary", "subtotal"})
_DAY = dt.timedelta(days=1)


def candidates(field: FieldSpec, entity: EntitySpec, rules: Sequence[Expression]) -> list[Any]:
    """Different values within the limits of a field, the most realistic first.

    Args:
        field: the field.
        entity: whose it is.
        rules: all rules of the entity; their constants are worth trying.
    """
    constants = [value for rule in rules for value in _constants(rule, field.name)]
    usual = _usual(field, entity)
    fitting = [value for value in (usual, *_around(field, constants, usual)) if _fits(field, value)]
    if not fitting:
        fitting = [_nearest_bound(field)]
    if field.default is not None:
        fitting.append(field.default_value)
    if field.nullable:
        fitting.append(None)
    return _distinct(fitting)


def other_value(field: FieldSpec, value: Any, number: int) -> Any:
    """Another value for a unique field, the `number`-th one; None when the limits leave none."""
    for candidate in _others(field, value, number):
        if _fits(field, candidate) and candidate != value:
            return candidate
    return None


def _others(field: FieldSpec, value: Any, number: int) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case str() if field.type == "email":
            yield f"{'abcdefgh'[number]}{value}"
            yield f"{'abcdefgh'[number]}@example.com"
        case str() if field.type == "enum":
            yield field.values[(field.values.index(value) + number) % len(field.values)]
        case str():
            yield value[:-1] + str(number + 1)
            yield value + str(number + 1)
        case int() | float() | Decimal():
            yield value + number
            yield value - number
        case dt.datetime() | dt.date():
            yield value + number * _DAY
            yield value - number * _DAY
        case uuid.UUID():
            yield uuid.UUID(int=value.int + number)


def _usual(field: FieldSpec, entity: EntitySpec) -> Any:
    last = words(field.name)[-1]
    match field.type:
        case "integer":
            if field.references:
                return 1
            return 12_500 if set(words(field.name)) & _AMOUNTS else 10
        case "number":
            return 2.5
        case "decimal":
            return Decimal("19.99")
        case "boolean":
            return True
        case "date":
            return dt.date(2030, 1, 31)
        case "datetime":
            return dt.datetime(2030, 1, 31, 12, tzinfo=dt.UTC)
        case "uuid":
            return uuid.UUID("12345678-1234-4234-8234-123456789abc")
        case "email":
            return "ada@example.com"
        case "json":
            return {"key": "value"}
        case "enum":
            return field.default_value or field.values[0]
    if last in _CODES:
        return f"{entity.name[:3].upper()}-001"
    return _fitted(field, _BY_LAST_WORD.get(last, phrase(field.name).capitalize()))


def _fitted(field: FieldSpec, text: str) -> str:
    low, high = field.bounds
    text = text if high is None else text[:high].strip() or "x"
    return text.ljust(low or 0, "x")


def _around(field: FieldSpec, constants: list[Any], usual: Any) -> Iterator[Any]:
    """Further values worth trying: at the limits, and around the constants of the rules."""
    low, high = field.bounds
    match field.type:
        case "integer" | "number" | "decimal":
            for number in [*constants, low, high, 0, 1, 2, 5, 100, 1000]:
                if not isinstance(number, int | float | Decimal):
                    continue
                exact = Decimal(str(number)) if field.type == "decimal" else number
                yield from (exact, exact + 1, exact - 1)
        case "date" | "datetime":
            for moment in [*constants, low, high, usual]:
                if type(moment) is type(usual):
                    yield from (moment + days * _DAY for days in (0, 1, -1, 30, -30))
        case "boolean":
            yield False
        case "enum":
            yield from field.values
        case "string" | "text" | "email":
            yield from _texts(field, constants, usual)
        case "json":
            yield []


def _texts(field: FieldSpec, constants: list[Any], usual: str) -> Iterator[str]:
    for constant in constants:
        if isinstance(constant, str):
            yield from (constant, usual + constant, f"{constant}x", "")
        else:
            for length in (constant, constant + 1, constant - 1):
                if isinstance(length, int) and 0 <= length <= 100_000:
                    yield (
                        f"{'a' * (length - 12)}@example.com"
                        if field.type == "email"
                        else usual[:length].ljust(length, "x")
                    )
    if field.type != "email":
        yield from (_fitted(field, "Something else"), usual[:1], "")


def _constants(rule: Expression, name: str) -> list[Any]:
    """The constants of a rule that names the field."""
    if name not in rule.names:
        return []
    found = [node.value for node in ast.walk(rule.tree) if isinstance(node, ast.Constant)]
    return [value for value in found if value is not None and not isinstance(value, EnumValue | bool)]


def _fits(field: FieldSpec, value: Any) -> bool:
    low, high = field.bounds
    if field.type == "integer" and (not isinstance(value, int) or abs(value) > MAX_INTEGER):
        return False
    if field.type == "decimal" and value != round(value, field.places):
        return False
    if field.type == "email" and not (value.find("@") > 0 and len(value.split("@")[0]) <= 64):
        return False
    size = len(value) if field.type in TEXT_TYPES else value
    try:
        return (low is None or size >= low) and (high is None or size <= high)
    except TypeError:
        return False


def _nearest_bound(field: FieldSpec) -> Any:
    low, high = field.bounds
    if field.type == "email":
        return f"{'a' * max(1, min(64, (high or 254) - 12))}@example.com"
    if field.type in TEXT_TYPES:
        return "x" * (low or 1)
    return low if low is not None else high


def _distinct(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if not any(value == other and type(value) is type(other) for other in kept):
            kept.append(value)
    return kept
