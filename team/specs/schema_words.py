"""Schema words as JSON Schema: ``string (optional, max 40)`` → ``{"type": "string", "maxLength": 40}``."""

from __future__ import annotations

import re
from typing import Any

from team.specs.base import suggestion

SCHEMA_WORDS = (
    "string", "integer", "number", "decimal", "boolean", "object", "array", "date", "datetime", "uuid",
    "email", "enum",
)  # fmt: skip
Schema = dict[str, Any]

_WORDS = re.compile(r"((?:array of )*)([a-z]+)(?:\(([^()]+)\))?\s*(?:\((.*)\))?", re.DOTALL)
_TYPES: dict[str, Schema] = {
    "string": {"type": "string"}, "integer": {"type": "integer"}, "number": {"type": "number"},
    "decimal": {"type": "number"}, "boolean": {"type": "boolean"}, "object": {"type": "object"},
    "array": {"type": "array"}, "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"}, "uuid": {"type": "string", "format": "uuid"},
    "email": {"type": "string", "format": "email"}, "enum": {"type": "string"},
}  # fmt: skip
_KEYWORDS = {"objects": "object", "strings": "string", "integers": "integer", "numbers": "number"}
_FORMATS = (("email", "email"), ("uuid", "uuid"), ("url", "uri"), ("uri", "uri"))
_JSON_SCHEMA = frozenset({"$ref", "properties", "allOf", "anyOf", "oneOf", "items"})


def is_json_schema(schema: Any) -> bool:
    """Whether an object is a JSON Schema rather than fields with schema words."""
    return isinstance(schema, dict) and bool(
        _JSON_SCHEMA & schema.keys() or (schema.get("type") in ("object", "array") and len(schema) > 1)
    )


def check_words(name: str, words: Any) -> None:
    """Check the schema of one field.

    Raises:
        ValueError: it is neither schema words nor an object.
    """
    field_schema(name, words)


def body_schema(fields: Schema) -> Schema | None:
    """The JSON Schema of a whole body; None where nothing is said of it."""
    if not fields:
        return None
    if is_json_schema(fields):
        return fields
    made = {name: field_schema(name, words) for name, words in fields.items()}
    return {
        "type": "object",
        "properties": {name: schema for name, (schema, _) in made.items()},
        "required": [name for name, (_, required) in made.items() if required],
    }


def field_schema(name: str, words: Any) -> tuple[Schema, bool]:
    """The JSON Schema of one field, and whether it is required.

    Raises:
        ValueError: it is neither schema words nor an object.
    """
    if isinstance(words, dict):
        if is_json_schema(words) or "type" in words or "enum" in words or not words:
            return words, True
        return body_schema(words) or {"type": "object"}, True
    match = _WORDS.fullmatch(words.strip()) if isinstance(words, str) else None
    if not match:
        raise ValueError(f"{name}: {words!r} is no schema; {suggestion('', SCHEMA_WORDS)}")
    word = _KEYWORDS.get(match[2], match[2])
    if word not in SCHEMA_WORDS:
        raise ValueError(f"{name}: unknown schema word {match[2]!r}; {suggestion(match[2], SCHEMA_WORDS)}")
    schema = dict(_TYPES[word])
    if word == "enum":
        if not match[3]:
            raise ValueError(f"{name}: enum needs its values, such as enum(a, b)")
        schema["enum"] = [value.strip() for value in match[3].split(",")]
    required = True
    for mark in _marks(match[4] or ""):
        if mark.lower() == "optional":
            required = False
        elif mark.lower() in ("nullable", "or null"):
            schema["type"] = [schema["type"], "null"]
        elif mark.lower() != "required":
            _limit(name, schema, mark)
    for _ in range(match[1].count("array of")):
        schema = {"type": "array", "items": schema}
    return schema, required


def _marks(text: str) -> list[str]:
    """The marks between the brackets; a pattern may hold commas."""
    pattern = re.search(r"pattern\s+/.*/", text)
    rest = text.replace(pattern[0], "") if pattern else text
    marks = [mark.strip() for mark in rest.split(",") if mark.strip()]
    return [*marks, pattern[0]] if pattern else marks


def _limit(name: str, schema: Schema, mark: str) -> None:
    """Add what one mark says; ``must be …`` in other words than a format's documents."""
    if found := re.fullmatch(r"(min|max)(?:imum)?\s+(-?\d+(?:\.\d+)?)", mark, re.IGNORECASE):
        number = float(found[2]) if "." in found[2] else int(found[2])
        text = schema.get("type") == "string"
        schema[f"{found[1].lower()}{'Length' if text else 'imum'}"] = number
    elif found := re.fullmatch(r"length\s+(\d+)(?:\s*-\s*(\d+))?", mark, re.IGNORECASE):
        schema["minLength"] = int(found[1])
        schema["maxLength"] = int(found[2] or found[1])
    elif found := re.fullmatch(r"pattern\s+/(.*)/", mark, re.DOTALL):
        try:
            re.compile(found[1])
        except re.error as error:
            raise ValueError(f"{name}: the pattern /{found[1]}/ is none: {error}") from error
        schema["pattern"] = found[1]
    elif schema.get("type") == "string" and "format" not in schema:
        for word, form in _FORMATS:
            if re.search(rf"\b{word}\b", mark.lower().replace("-", "")):
                schema["format"] = form
                return
