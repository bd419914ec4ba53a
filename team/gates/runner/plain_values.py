"""Values as plain data that crosses a process border: JSON, with a tag for what JSON does not tell apart.

Used on both sides; inside a sandbox with nothing but Python 3.9 or newer. null, booleans, short integers,
text and lists stand for themselves. Everything else is an object with one key, its tag: ``{"i": hex}`` a long
integer, ``{"f": repr}`` a float, ``{"t": [...]}`` a tuple, ``{"s": [...]}`` a set, ``{"fs": [...]}`` a frozen
set, ``{"d": [[key, value], ...]}`` a dict in its order, ``{"b": hex}`` bytes, ``{"ba": hex}`` a bytearray,
``{"c": [re, im]}`` a complex number, ``{"r": [start, stop, step]}`` a range, ``{"dec": text}`` a Decimal,
``{"fr": [n, d]}`` a Fraction, ``{"date"|"datetime"|"time": ISO}``, ``{"delta": [days, seconds,
microseconds]}``, ``{"u": text}`` a UUID, and ``{"x": [type, repr]}`` any other object, equal to nothing.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import uuid
from typing import Any

SHORT = 1 << 53
MOST_DEPTH = 120
MOST_NODES = 200_000
MOST_SHOWN = 200


class NotPlain(Exception):
    """The value is nested too deeply, too large, or no plain data."""


def encode(value: Any) -> Any:
    """A value as tagged plain data. Subclasses count as what they extend; a value's own methods are not
    asked.

    Raises:
        NotPlain: it is too deep or too large.
    """
    return _encode(value, 0, [0])


def _encode(value: Any, depth: int, count: list[int]) -> Any:
    count[0] += 1
    if depth > MOST_DEPTH or count[0] > MOST_NODES:
        raise NotPlain("it is nested too deeply" if depth > MOST_DEPTH else "it is too large")

    def each(items: Any) -> list[Any]:
        return [_encode(item, depth + 1, count) for item in items]

    kind = type(value)
    if value is None or kind is bool:
        return value
    for base, make in _SIMPLE:
        if isinstance(value, base):
            return make(value)
    if isinstance(value, dict):
        return {"d": [each(pair) for pair in dict.items(value)]}
    for tag, base, items in _MANY:
        if isinstance(value, base):
            return each(items(value)) if tag == "l" else {tag: each(items(value))}
    return {"x": [f"{kind.__module__}.{kind.__qualname__}"[:MOST_SHOWN], _shown(value)]}


def _integer(value: int) -> Any:
    plain = int.__index__(value)
    return plain if -SHORT < plain < SHORT else {"i": hex(plain)}


def _text(value: str) -> Any:
    return str.__str__(value)


def _shown(value: Any) -> str:
    try:
        return str(repr(value))[:MOST_SHOWN]
    except Exception as error:  # noqa: BLE001 - the object's own code runs here
        return f"<repr raises {type(error).__name__}>"


_SIMPLE: tuple[tuple[Any, Any], ...] = (
    (str, _text),
    (int, _integer),
    (float, lambda value: {"f": float.__repr__(value)}),
    (complex, lambda value: {"c": [float.__repr__(value.real), float.__repr__(value.imag)]}),
    (bytes, lambda value: {"b": bytes.hex(value)}),
    (bytearray, lambda value: {"ba": bytearray.hex(value)}),
    (range, lambda value: {"r": [hex(value.start), hex(value.stop), hex(value.step)]}),
    (decimal.Decimal, lambda value: {"dec": decimal.Decimal.__str__(value)}),
    (fractions.Fraction, lambda value: {"fr": [hex(value.numerator), hex(value.denominator)]}),
    (datetime.datetime, lambda value: {"datetime": datetime.datetime.isoformat(value)}),
    (datetime.date, lambda value: {"date": datetime.date.isoformat(value)}),
    (datetime.time, lambda value: {"time": datetime.time.isoformat(value)}),
    (datetime.timedelta, lambda value: {"delta": [value.days, value.seconds, value.microseconds]}),
    (uuid.UUID, lambda value: {"u": uuid.UUID.__str__(value)}),
)
_MANY: tuple[tuple[str, Any, Any], ...] = (
    ("l", list, list.__iter__),
    ("t", tuple, tuple.__iter__),
    ("s", set, set.__iter__),
    ("fs", frozenset, frozenset.__iter__),
)


def decode(told: Any) -> Any:
    """The value that tagged plain data stands for.

    Raises:
        NotPlain: it stands for none.
    """
    if isinstance(told, list):
        return [decode(item) for item in told]
    if not isinstance(told, dict):
        return told
    try:
        ((tag, content),) = told.items()
        return _DECODERS[tag](content)
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise NotPlain(f"no value: {str(told)[:MOST_SHOWN]}") from error


_DECODERS: dict[str, Any] = {
    "i": lambda text: int(text, 16),
    "f": float,
    "t": lambda items: tuple(decode(item) for item in items),
    "s": lambda items: {decode(item) for item in items},
    "fs": lambda items: frozenset(decode(item) for item in items),
    "d": lambda pairs: {decode(key): decode(value) for key, value in pairs},
    "b": bytes.fromhex,
    "ba": bytearray.fromhex,
    "c": lambda parts: complex(float(parts[0]), float(parts[1])),
    "r": lambda parts: range(*(int(part, 16) for part in parts)),
    "dec": decimal.Decimal,
    "fr": lambda parts: fractions.Fraction(int(parts[0], 16), int(parts[1], 16)),
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
    "delta": lambda parts: datetime.timedelta(*parts),
    "u": uuid.UUID,
}
