"""Example values for JSON Schemas: realistic ones that fit, and ones that must be refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from team.specs.expand import Schema, allows_null, kind
from team.specs.names import words

_USUAL = {
    "name": "Ada Lovelace", "title": "A short title", "city": "London", "country": "GB", "currency": "EUR",
    "street": "1 High Street", "phone": "+44 20 7946 0000", "color": "blue", "language": "en",
    "description": "Some words", "text": "Some words", "message": "Some words", "slug": "a-slug",
    "tag": "friendly", "password": "correct horse",
}  # fmt: skip
_FORMATS = {
    "date": "2030-01-{day:02}", "date-time": "2030-01-{day:02}T12:00:00Z", "time": "12:00:{day:02}Z",
    "uuid": "12345678-1234-4234-8234-1234567890{day:02}", "uri": "https://example.com/{day}",
    "url": "https://example.com/{day}", "hostname": "host{day}.example.com", "ipv4": "192.0.2.{day}",
    "ipv6": "2001:db8::{day}", "byte": "QUJD", "duration": "PT{day}M",
}  # fmt: skip
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz"
DEEPEST = 8


def example(name: str, schema: Schema, number: int = 0, depth: int = 0) -> Any:
    """A value that fits a schema; others for other numbers, where the schema allows.

    Args:
        name: of the property, for realistic values.
        schema: expanded, see `team.specs.expand`.
        number: which one of several.
        depth: how far inside of a value this one is.
    """
    given = [schema["example"]] if "example" in schema else list(schema.get("examples") or ())
    if number == 0 and given and kind(schema) not in ("object", "array", "") and _fits(schema, given[0]):
        return given[0]
    if "enum" in schema:
        choices = [value for value in schema["enum"] if value is not None] or [None]
        return choices[number % len(choices)]
    match kind(schema):
        case "string":
            return _text(name, schema, number)
        case "integer":
            return int(_number(schema, number))
        case "number":
            return _number(schema, number)
        case "boolean":
            return number % 2 == 0
        case "array":
            return _items(name, schema, number, depth)
        case "object":
            return _object(schema, number, depth)
        case "null":
            return None
    choices = [each for each in schema.get("anyOf") or () if kind(each)]
    return example(name, choices[0], number, depth) if choices else f"{name} {number}"


def _object(schema: Schema, number: int, depth: int) -> dict[str, Any]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if not properties:
        extra = schema.get("additionalProperties")
        return {
            "key": example("key", extra, number, depth + 1) if isinstance(extra, dict) else f"value {number}"
        }
    wanted = schema.get("required", ()) if depth > DEEPEST else properties
    return {key: example(key, properties[key], number, depth + 1) for key in wanted if key in properties}


def _items(name: str, schema: Schema, number: int, depth: int) -> list[Any]:
    count = max(int(schema.get("minItems", 0)), min(1, int(schema.get("maxItems", 1))))
    return [example(name, schema.get("items") or {}, number + place, depth + 1) for place in range(count)]


def _number(schema: Schema, number: int) -> Any:
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    step = schema.get("multipleOf") or 1
    start = low if low is not None else min(10, high) if high is not None else 10
    whole = kind(schema) == "integer"
    if isinstance(schema.get("exclusiveMinimum"), int | float) or schema.get("exclusiveMinimum") is True:
        start = start + step if high is None or start + step <= high else (start + high) / 2
    if step != 1:
        start = -(-start // step) * step
    value = start + number * step
    value = value if high is None or value <= high else start
    return int(value) if whole or float(value).is_integer() else value


def _bound(schema: Schema, name: str) -> Any:
    exclusive = schema.get(f"exclusive{name.capitalize()}")
    return (
        exclusive
        if isinstance(exclusive, int | float) and not isinstance(exclusive, bool)
        else schema.get(name)
    )


def _text(name: str, schema: Schema, number: int) -> str:
    form = schema.get("format")
    if form == "email":
        return f"ada{number or ''}@example.com"
    if form in _FORMATS and "pattern" not in schema:
        return _FORMATS[form].format(day=number + 1)
    low, high = int(schema.get("minLength", 0)), schema.get("maxLength")
    if "pattern" in schema:
        return matching(str(schema["pattern"]), low, high, number)
    last = (words(name) or ["text"])[-1]
    text = _USUAL.get(last, " ".join(words(name)).capitalize() or "Text")
    text = f"{text} {number + 1}" if number else text
    if high is not None and len(text) > high:
        text = _CHARACTERS[number % 26] * max(1, min(int(high), 8)) if high else ""
    return text.ljust(low, "x")


def matching(pattern: str, low: int, high: int | None, number: int) -> str:
    """A text that matches a pattern, found among usual ones and such as the pattern spells out."""
    for text in _tries(pattern, number):
        fitted = text.ljust(low, text[-1:] or "a") if len(text) < low else text
        if (high is None or len(fitted) <= high) and re.search(pattern, fitted):
            return fitted
    return _CHARACTERS[number % 26] * max(low, 1)


def _tries(pattern: str, number: int) -> list[str]:
    spelled = _spelled(pattern, number)
    letter, digit = _CHARACTERS[number % 26], str((number + 1) % 10)
    plain = [letter * size for size in (1, 3, 8)] + [letter.upper() * size for size in (1, 2, 3, 8)]
    numbers = [digit * size for size in (1, 2, 4, 5, 6, 8, 10)]
    mixed = [f"{letter.upper() * 3}-{digit * 3}", f"{letter}{digit}", f"+{digit * 10}", f"#{digit * 6}", "A1"]
    return [*spelled, *plain, *numbers, *mixed]


def _spelled(pattern: str, number: int) -> list[str]:
    """What a simple pattern spells out: classes with counts, and plain characters."""
    import re._parser as parser  # type: ignore[import-not-found,unused-ignore]

    try:
        parsed = parser.parse(pattern)
    except re.error:
        return []
    try:
        return [_write(parsed, number)]
    except (LookupError, TypeError, ValueError, AttributeError):
        return []


def _write(parsed: Any, number: int) -> str:
    text = ""
    for operation, argument in parsed:
        match str(operation):
            case "LITERAL":
                text += chr(argument)
            case "NOT_LITERAL" | "ANY":
                text += "a" if argument != ord("a") else "b"
            case "IN":
                text += _one_of(argument, number)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, inner = argument
                text += _write(inner, number) * max(int(least), min(1, int(most)))
            case "SUBPATTERN":
                text += _write(argument[-1], number)
            case "BRANCH":
                text += _write(argument[1][number % len(argument[1])], number)
            case "AT":
                continue
            case _:
                raise ValueError(operation)
    return text


def _one_of(members: Any, number: int) -> str:
    for operation, argument in members:
        match str(operation):
            case "RANGE":
                low, high = argument
                return chr(low + number % (high - low + 1))
            case "LITERAL":
                return chr(argument)
            case "CATEGORY":
                return {"CATEGORY_DIGIT": str(number % 10), "CATEGORY_SPACE": " "}.get(str(argument), "a")
            case "NEGATE":
                return "~"
    raise ValueError(members)


def _fits(schema: Schema, value: Any) -> bool:
    """Whether the author's own example may be used: authors err."""
    names = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
    expected: Any = names.get(kind(schema), object)
    if not isinstance(value, expected) or (isinstance(value, bool) and kind(schema) != "boolean"):
        return False
    if "enum" in schema:
        return value in schema["enum"]
    if isinstance(value, str):
        plain = schema.get("format") not in (*_FORMATS, "email") and "pattern" not in schema
        return plain and int(schema.get("minLength", 0)) <= len(value) <= int(schema.get("maxLength", 10**6))
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    return (low is None or value > low or value == schema.get("minimum")) and (high is None or value <= high)


_NEVER: Mapping[str, tuple[Any, str]] = {
    "string": ([], "a list"), "integer": ("much", "no number"), "number": ("much", "no number"),
    "boolean": ("perhaps", "neither true nor false"), "array": ("text", "no list"),
    "object": ("text", "no object"),
}  # fmt: skip
_NO_FORMAT = {"email": "nobody", "uuid": "1234", "date": "31.01.2030", "date-time": "yesterday"}


def wrong_examples(schema: Schema) -> list[tuple[Any, str]]:
    """Values that a schema refuses, each with the reason in words."""
    name = kind(schema)
    found: list[tuple[Any, str]] = [_NEVER[name]] if name in _NEVER else []
    if name and not allows_null(schema):
        found.append((None, "null"))
    if "enum" in schema:
        return [*found, ("no such value", "not listed")] if name == "string" else found
    if name == "string":
        found += _wrong_texts(schema)
    if name in ("integer", "number"):
        for limit, sign in (("minimum", -1), ("maximum", 1)):
            bound = _bound(schema, limit)
            found += (
                [] if bound is None else [(bound + sign, f"{'less' if sign < 0 else 'more'} than {bound}")]
            )
    if name == "array":
        low = int(schema.get("minItems", 0))
        found += [([], "too short")] if low else []
    return found


def _wrong_texts(schema: Schema) -> list[tuple[Any, str]]:
    if schema.get("format") in _NO_FORMAT:
        return [(_NO_FORMAT[schema["format"]], f"no {schema['format']}")]
    found: list[tuple[Any, str]] = []
    low, high = int(schema.get("minLength", 0)), schema.get("maxLength")
    if high is not None and int(high) < 100_000:
        found.append(("x" * (int(high) + 1), f"longer than {high}"))
    if low:
        found.append(("x" * (low - 1), f"shorter than {low}"))
    return found
