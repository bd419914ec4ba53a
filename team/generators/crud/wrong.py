"""Values that a field must refuse."""

from __future__ import annotations

import datetime as dt
from typing import Any

from team.generators.crud.fields import FieldView
from team.generators.crud.json_forms import as_json, source
from team.specs.values import DECIMAL_DIGITS, TEXT_TYPES

_WRONG = {
    "string": ("5", r'"a\x00b"'),
    "text": ("5", r'"a\x00b"'),
    "email": ("5", '"nobody"'),
    "integer": ('"5"', "1.5", "True", "2**63"),
    "number": ('"1.5"',),
    "decimal": ('"much"', "True"),
    "boolean": ('"yes"', "1"),
    "date": ('"31.01.2030"', "0"),
    "datetime": ('"2030-01-31T12:00:00"', "0"),
    "uuid": ('"1234"', "5"),
    "json": ('"text"', "1", r'{"key": "a\x00b"}'),
    "enum": ('"no such value"',),
}
"""For each type what must be refused, as source."""


def invalid_values(field: FieldView) -> list[str]:
    """Values that a field must refuse, as source."""
    low, high = field.spec.bounds
    kind = field.spec.type
    if field.target:
        return ["0", "2**31", '"1"']
    if kind in TEXT_TYPES:
        lengths = [*([high + 1] if high else []), *([low - 1] if low else [])]
        return [*_WRONG[kind], *(f'"x" * {length}' for length in lengths if kind != "email")]
    beyond = [source(as_json(limit)) for limit in _beyond(kind, low, high)]
    if kind == "decimal":
        beyond.append(source("0." + "1" * (field.spec.places + 1)))
        beyond.append(source("1" * (DECIMAL_DIGITS + 1)))
    return list(dict.fromkeys([*_WRONG[kind], *beyond]))


def _beyond(kind: str, low: Any, high: Any) -> list[Any]:
    step: Any = dt.timedelta(days=1) if kind in ("date", "datetime") else 1
    try:
        return [*([] if low is None else [low - step]), *([] if high is None else [high + step])]
    except OverflowError:
        return []
