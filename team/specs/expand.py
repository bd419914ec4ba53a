"""JSON Schemas without references and compositions, as far as rows and their fields need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from team.specs.references import reference_name, resolve

Schema = dict[str, Any]
DEEPEST = 12
_KEPT = frozenset({
    "type", "format", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "multipleOf", "default",
    "description", "title", "example", "examples", "readOnly", "writeOnly", "additionalProperties",
})  # fmt: skip


def expand(document: Mapping[str, Any], schema: Any, inside: tuple[str, ...] = ()) -> Schema:
    """A schema with its references put in, ``allOf`` merged, and ``null`` among its types.

    Where a schema holds itself, the inner one allows anything. Of ``anyOf`` and ``oneOf`` with several
    choices, the choices stay under ``anyOf``. The name of a component is kept as ``x-name``.

    Raises:
        Unresolvable: a reference leads nowhere, or out of the document.
    """
    name = reference_name(schema)
    if name and (name in inside or len(inside) > DEEPEST):
        return {}
    inside = (*inside, name) if name else inside
    schema = resolve(document, schema)
    if not isinstance(schema, Mapping) or len(inside) > DEEPEST:
        return {}
    made = _plain(document, schema, inside)
    for part in schema.get("allOf") or ():
        made = merged(made, {**expand(document, part, inside), "x-name": ""})
    made = {key: value for key, value in made.items() if key != "x-name"}
    for key in ("anyOf", "oneOf"):
        if schema.get(key):
            made = merged(made, _choice([expand(document, part, inside) for part in schema[key]]))
    if name:
        made["x-name"] = name
    return made


def _plain(document: Mapping[str, Any], schema: Mapping[str, Any], inside: tuple[str, ...]) -> Schema:
    made: Schema = {key: value for key, value in schema.items() if key in _KEPT}
    inside = (*inside, "") if len(inside) <= DEEPEST else inside
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if isinstance(schema.get("properties"), Mapping):
        made["type"] = made.get("type", "object")
        made["properties"] = {
            str(key): expand(document, part, inside) for key, part in schema["properties"].items()
        }
        made["required"] = [key for key in schema.get("required") or () if key in made["properties"]]
    if "items" in schema:
        made["type"] = made.get("type", "array")
        made["items"] = expand(document, schema["items"], inside)
    if schema.get("nullable"):
        made = nullable(made)
    return made


def merged(one: Schema, other: Schema) -> Schema:
    """What both allow."""
    made = {**one, **{key: value for key, value in other.items() if key != "x-name" or "x-name" not in one}}
    if "properties" in one or "properties" in other:
        made["properties"] = {**one.get("properties", {}), **other.get("properties", {})}
        made["required"] = list(dict.fromkeys([*one.get("required", ()), *other.get("required", ())]))
    if one.get("additionalProperties") is False or other.get("additionalProperties") is False:
        made["additionalProperties"] = False
    return made


def _choice(parts: list[Schema]) -> Schema:
    """One of several: a single one beside null is that one, nullable."""
    real = [part for part in parts if part.get("type") != "null"]
    null = len(real) < len(parts)
    if len(real) == 1:
        return nullable(real[0]) if null else real[0]
    if real and all(part.get("properties") for part in real):
        required = set.intersection(*(set(part.get("required", ())) for part in real))
        properties = {key: value for part in reversed(real) for key, value in part["properties"].items()}
        objects: Schema = {"type": "object", "properties": properties, "required": sorted(required)}
        return nullable(objects) if null else objects
    return {"anyOf": [*real, *([{"type": "null"}] if null else [])]}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    types = schema.get("type")
    if types is None:
        return schema
    listed = [types] if isinstance(types, str) else list(types)
    made = {**schema, "type": [*listed, *(["null"] if "null" not in listed else [])]}
    if "enum" in made and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    return made


def kind(schema: Mapping[str, Any]) -> str:
    """The one type of a schema besides null; empty when it has none or several."""
    types = schema.get("type")
    listed = [types] if isinstance(types, str) else [each for each in types or () if each != "null"]
    if not listed and "enum" in schema:
        names = {_NAMES.get(type(value), "") for value in schema["enum"] if value is not None}
        return names.pop() if len(names) == 1 else ""
    return listed[0] if len(listed) == 1 else ""


_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}


def allows_null(schema: Mapping[str, Any]) -> bool:
    """Whether null is a value of it."""
    types = schema.get("type")
    if "anyOf" in schema:
        return any(allows_null(part) for part in schema["anyOf"])
    return types == "null" or (isinstance(types, list) and "null" in types) or None in schema.get("enum", ())
