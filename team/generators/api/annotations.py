"""JSON Schemas as annotations of Pydantic: text for the drafted schemas, and the classes that they need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter
from pydantic_core import SchemaError

from team.specs.expand import Schema, allows_null, kind
from team.specs.made_names import attribute_name
from team.specs.names import pascal

_FORMATS = {
    "date": "Date", "date-time": "UtcTime", "uuid": "UUID", "email": "EmailStr",
}  # fmt: skip
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class FieldText:
    """One field of a class, as source."""

    name: str
    json: str
    annotation: str
    default: str | None

    @property
    def source(self) -> str:
        """The line of the class."""
        if self.name == self.json:
            return f"{self.name}: {self.annotation}" + (f" = {self.default}" if self.default else "")
        alias = f"alias={json.dumps(self.json)}"
        given = f"default={self.default}, " if self.default else ""
        return f"{self.name}: {self.annotation} = Field({given}{alias})"


@dataclass(frozen=True)
class ClassText:
    """A class of the drafted schemas."""

    name: str
    base: str
    about: str
    fields: tuple[FieldText, ...]
    closed: bool = False


@dataclass
class Annotations:
    """Writes annotations, and collects the classes that they name."""

    taken: set[str] = field(default_factory=set)
    classes: list[ClassText] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    def model(
        self,
        name: str,
        base: str,
        about: str,
        schema: Schema,
        *,
        partial: bool = False,
        names: Mapping[str, str] | None = None,
    ) -> str:
        """Add a class for an object; its name, or that of an equal one.

        Args:
            name: of the class.
            base: the class it extends.
            about: its docstring.
            schema: the object.
            partial: every field may be left out, and has no default.
            names: JSON → Python names that are fixed.
        """
        shape = json.dumps([base, partial, schema, dict(names or {})], sort_keys=True, default=str)
        if shape in self._known:
            return self._known[shape]
        name = self._free(name)
        self._known[shape] = name
        required = () if partial else schema.get("required", ())
        used: set[str] = set((names or {}).values())
        fields = []
        for key, part in schema.get("properties", {}).items():
            attribute = (names or {}).get(key) or attribute_name(key, used)
            used.add(attribute)
            fields.append(self._field(attribute, key, part, name, needed=key in required, partial=partial))
        ordered = [*(f for f in fields if f.default is None), *(f for f in fields if f.default is not None)]
        closed = schema.get("additionalProperties") is False
        self.classes.append(ClassText(name, base, about, tuple(ordered), closed))
        return name

    def _field(
        self, attribute: str, key: str, schema: Schema, owner: str, *, needed: bool, partial: bool
    ) -> FieldText:
        annotation = self.annotation(schema, owner + pascal(attribute))
        if needed:
            return FieldText(attribute, key, annotation, None)
        default = schema.get("default")
        simple = isinstance(default, str | int | float | bool) and kind(schema) in _PLAIN
        plain = simple and not partial and schema.get("format") not in _FORMATS
        return FieldText(attribute, key, annotation, repr(default) if plain else "UNSET")

    def annotation(self, schema: Schema, name: str) -> str:
        """The annotation of a schema; `name` is for the classes within it."""
        text = self._plain(schema, name)
        if allows_null(schema) and text not in ("JsonValue", "None"):
            return f"{text} | None"
        return text

    def _plain(self, schema: Schema, name: str) -> str:
        if "enum" in schema:
            values = [value for value in schema["enum"] if value is not None]
            plain = [value for value in values if isinstance(value, str | int | bool)]
            return f"Literal[{', '.join(map(repr, plain))}]" if plain and plain == values else "JsonValue"
        match kind(schema):
            case "string":
                return _text(schema)
            case "integer":
                return _integer(schema)
            case "number":
                return _annotated("Number", _limits(schema, "minimum", "maximum", multiple=True))
            case "boolean":
                return "StrictBool"
            case "array":
                inner = self.annotation(schema.get("items") or {}, f"{name}Item")
                return _annotated(
                    f"list[{inner}]", _keywords(schema, minItems="min_length", maxItems="max_length")
                )
            case "object":
                return self._object(schema, name)
            case "null":
                return "None"
        choices = [self.annotation(each, f"{name}{n}") for n, each in enumerate(schema.get("anyOf") or (), 1)]
        texts = [text for text in dict.fromkeys(choices) if text != "None"]
        return " | ".join(texts) if texts and "JsonValue" not in texts else "JsonValue"

    def _object(self, schema: Schema, name: str) -> str:
        if schema.get("properties"):
            wanted = pascal(str(schema["x-name"])) if "x-name" in schema else name
            return self.model(wanted, "Part", f"A part of something larger: {wanted}.", schema)
        extra = schema.get("additionalProperties")
        if isinstance(extra, Mapping) and extra:
            return f"dict[str, {self.annotation(dict(extra), f'{name}Value')}]"
        return "JsonObject"

    def _free(self, name: str) -> str:
        name = name if name.isidentifier() else f"Part{len(self.classes) + 1}"
        free, number = name, 2
        while free in self.taken:
            free, number = f"{name}{number}", number + 1
        self.taken.add(free)
        return free


_PLAIN = frozenset({"string", "integer", "number", "boolean"})


def _text(schema: Schema) -> str:
    form = schema.get("format")
    limits = _keywords(schema, minLength="min_length", maxLength="max_length")
    pattern = schema.get("pattern")
    if pattern and usable_pattern(str(pattern)):
        return f"Annotated[str, StringConstraints({', '.join([*limits, f'pattern={str(pattern)!r}'])})]"
    if form in _FORMATS:
        return _FORMATS[form]
    return _annotated("Text", limits)


def usable_pattern(pattern: str) -> bool:
    """Whether the engine of Pydantic knows a pattern; it has no look-around and no back-references."""
    try:
        TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except SchemaError:
        return False
    return True


def _integer(schema: Schema) -> str:
    limits = _limits(schema, "minimum", "maximum", multiple=True)
    given = " ".join(limits)
    low = [] if "ge=" in given or "gt=" in given else ["ge=-MAX_INTEGER"]
    high = [] if "le=" in given or "lt=" in given else ["le=MAX_INTEGER"]
    if low and high and not limits:
        return "Integer"
    return f"Annotated[int, Field({', '.join([*low, *limits, *high])}), BeforeValidator(json_number)]"


def _limits(schema: Schema, low: str, high: str, *, multiple: bool = False) -> list[str]:
    found = []
    for name, plain, strict in ((low, "ge", "gt"), (high, "le", "lt")):
        exclusive = schema.get(f"exclusive{name.capitalize()}")
        bound = schema.get(name)
        if isinstance(exclusive, int | float) and not isinstance(exclusive, bool):
            found.append(f"{strict}={exclusive!r}")
        elif isinstance(bound, int | float):
            bound = max(-LARGEST, min(LARGEST, bound)) if kind(schema) == "integer" else bound
            found.append(f"{strict if exclusive is True else plain}={bound!r}")
    if multiple and isinstance(schema.get("multipleOf"), int | float):
        found.append(f"multiple_of={schema['multipleOf']!r}")
    return found


def _keywords(schema: Schema, **names: str) -> list[str]:
    return [f"{python}={int(schema[name])}" for name, python in names.items() if schema.get(name) is not None]


def _annotated(base: str, limits: Iterable[str]) -> str:
    texts = list(limits)
    return f"Annotated[{base}, Field({', '.join(texts)})]" if texts else base
