"""What a JSON Schema allows, in short: enough to say where two of them contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from team.specs.references import Unresolvable, resolve

ANY = frozenset({"string", "integer", "number", "boolean", "object", "array", "null"})
DEEPEST = 6


@dataclass(frozen=True)
class Shape:
    """The kinds of values, and what is said of objects, lists and constants."""

    kinds: frozenset[str] = ANY
    properties: Mapping[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Any = None
    constants: tuple[Any, ...] | None = None

    @property
    def nullable(self) -> bool:
        """Whether null is allowed."""
        return "null" in self.kinds

    @property
    def told(self) -> str:
        """The kinds in words."""
        kinds = self.kinds - {"null"}
        if self.kinds == ANY:
            return "anything"
        return " or ".join(sorted(kinds - {"integer"} if "number" in kinds else kinds)) or "null"


def shape_of_schema(document: Mapping[str, Any], schema: Any, depth: int = 0) -> Shape:
    """The shape of a schema of a document; what leads nowhere, or goes too deep, allows anything."""
    try:
        schema = resolve(document, schema)
    except Unresolvable:
        return Shape()
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return Shape()
    own = _own(schema)
    for part in schema.get("allOf") or ():
        own = _both(own, shape_of_schema(document, part, depth + 1))
    for choice in ("anyOf", "oneOf"):
        parts = [shape_of_schema(document, part, depth + 1) for part in schema.get(choice) or ()]
        if parts:
            own = _both(own, _either(parts))
    return own


def _own(schema: Mapping[str, Any]) -> Shape:
    return Shape(
        kinds=_kinds(schema),
        properties=schema.get("properties") or {},
        required=frozenset(schema.get("required") or ()),
        items=schema.get("items"),
        constants=_constants(schema),
    )


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    named = schema.get("type")
    if named is None:
        constants = _constants(schema)
        if constants is not None:
            return frozenset(map(_kind_of, constants))
        return frozenset({"object"}) if "properties" in schema else ANY
    kinds = frozenset([named] if isinstance(named, str) else named)
    kinds |= {"integer"} if "number" in kinds else set()
    return kinds | {"null"} if schema.get("nullable") else kinds


def _kind_of(value: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"),
        (dict, "object"),
    )  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _constants(schema: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if "const" in schema:
        return (schema["const"],)
    return tuple(schema["enum"]) if isinstance(schema.get("enum"), list) else None


def _both(one: Shape, other: Shape) -> Shape:
    return Shape(
        kinds=one.kinds & other.kinds,
        properties={**one.properties, **other.properties},
        required=one.required | other.required,
        items=other.items if one.items is None else one.items,
        constants=other.constants if one.constants is None else one.constants,
    )


def _either(parts: list[Shape]) -> Shape:
    objects = [part for part in parts if part.properties]
    constants = [part.constants for part in parts if part.kinds != {"null"}]
    known = all(values is not None for values in constants) and bool(constants)
    return Shape(
        kinds=frozenset().union(*(part.kinds for part in parts)),
        properties={name: schema for part in objects for name, schema in part.properties.items()},
        required=frozenset.intersection(*(part.required for part in objects)) if objects else frozenset(),
        items=next((part.items for part in parts if part.items is not None), None),
        constants=tuple(value for values in constants for value in values or ()) if known else None,
    )
