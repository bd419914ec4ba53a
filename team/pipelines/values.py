"""The types of columns, and how a value is read as one: the same on every way through a pipeline."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

NUMBERS = frozenset({"integer", "number", "decimal"})
TIMES = frozenset({"date", "datetime"})
TYPES: Mapping[str, str] = {
    "string": "text", "text": "text", "str": "text", "uuid": "text", "email": "text", "enum": "text",
    "integer": "integer", "int": "integer", "number": "number", "float": "number", "decimal": "decimal",
    "boolean": "boolean", "bool": "boolean", "date": "date", "datetime": "datetime", "timestamp": "datetime",
}  # fmt: skip
"""The words for types in a spec, and the types of columns that they mean."""

TRUE, FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})
LARGEST = 2**63 - 1


def read(kind: str, value: Any) -> Any:
    """A value as one of a type; None when it is missing or cannot be read as that."""
    if value is None:
        return None
    try:
        return _READERS[kind](value)
    except (ValueError, InvalidOperation, OverflowError):
        return None


def _integer(value: Any) -> int | None:
    number = Decimal(str(value).strip())
    return int(number) if number == number.to_integral_value() and abs(number) <= LARGEST else None


def _number(value: Any) -> float | None:
    number = float(str(value).strip())
    return number if math.isfinite(number) else None


def _decimal(value: Any) -> Decimal | None:
    number = Decimal(str(value).strip())
    return number if number.is_finite() else None


def _boolean(value: Any) -> bool | None:
    text = str(value).strip().lower()
    return True if text in TRUE else False if text in FALSE else None


def _date(value: Any) -> dt.date:
    moment = _datetime(value)
    return moment.date()


def _datetime(value: Any) -> dt.datetime:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value).strip())
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _text(value: Any) -> str:
    return str(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text, "integer": _integer, "number": _number, "decimal": _decimal, "boolean": _boolean,
    "date": _date, "datetime": _datetime, "any": lambda value: value,
}  # fmt: skip
