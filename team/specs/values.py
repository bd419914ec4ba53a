"""Values of the field types: from what a spec writes to what Python holds."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

FieldType = Literal[
    "string", "text", "integer", "number", "decimal", "boolean", "date", "datetime", "uuid", "email", "json",
    "enum",
]  # fmt: skip

TEXT_TYPES = frozenset({"string", "text", "email"})
NUMBER_TYPES = frozenset({"integer", "number", "decimal"})
TIME_TYPES = frozenset({"date", "datetime"})

MAX_INTEGER = 2**63 - 1
"""What a 64-bit column holds."""
DECIMAL_DIGITS = 15
"""The digits that survive a database which keeps decimals as doubles, as SQLite does."""
DECIMAL_PLACES = 4
"""The digits after the point that a decimal has, where its limits and default need no more."""


def convert(kind: str, raw: Any, values: Sequence[str] = ()) -> Any:
    """Return what Python holds for a value written in a spec.

    Raises:
        ValueError: the value does not fit the type; the message says what would.
    """
    try:
        result = _CONVERTERS[kind](raw)
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise ValueError(f"{raw!r} is not {_EXPECTED[kind]}") from error
    if kind == "enum" and result not in values:
        raise ValueError(f"{raw!r} is not one of {', '.join(values)}")
    return result


def decimal_places(numbers: Sequence[Decimal]) -> int:
    """The digits after the point that a decimal column needs so that these numbers fit.

    Raises:
        ValueError: they do not fit into `DECIMAL_DIGITS` digits together.
    """
    before = max([1, *(number.adjusted() + 1 for number in numbers)])
    after = max([0, *(-int(number.normalize().as_tuple().exponent) for number in numbers)])
    if before + after > DECIMAL_DIGITS:
        raise ValueError(f"its default and limits need more than {DECIMAL_DIGITS} digits")
    return max(after, min(DECIMAL_PLACES, DECIMAL_DIGITS - before))


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or "\0" in raw:
        raise ValueError
    return raw


def _integer(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > MAX_INTEGER:
        raise ValueError
    return raw


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) < 1e308:
        raise ValueError
    return float(raw)


def _decimal(raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError
    number = Decimal(str(raw))
    if not number.is_finite() or abs(number.adjusted()) > DECIMAL_DIGITS:
        raise ValueError
    return number


def _boolean(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError
    return raw


def _date(raw: Any) -> dt.date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", _text(raw)):
        raise ValueError
    return dt.date.fromisoformat(raw)


def _datetime(raw: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(_text(raw))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(dt.UTC)


def _email(raw: Any) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", _text(raw)):
        raise ValueError
    return str(raw)


def _json(raw: Any) -> dict[str, Any] | list[Any]:
    if not isinstance(raw, dict | list):
        raise ValueError
    return raw


def _uuid(raw: Any) -> uuid.UUID:
    return uuid.UUID(_text(raw))


_CONVERTERS: dict[str, Any] = {
    "string": _text, "text": _text, "enum": _text, "email": _email, "integer": _integer, "number": _number,
    "decimal": _decimal, "boolean": _boolean, "date": _date, "datetime": _datetime, "json": _json,
    "uuid": _uuid,
}  # fmt: skip
_EXPECTED = {
    "string": "text", "text": "text", "enum": "text (quote it)", "email": "an e-mail address",
    "integer": "an integer of at most 64 bits", "number": "a number", "decimal": "a decimal number",
    "boolean": "true or false", "date": "a date such as 2030-01-31", "json": "an object or a list",
    "datetime": "a date and time with a time zone, such as 2030-01-31T12:00:00Z", "uuid": "a UUID",
}  # fmt: skip
