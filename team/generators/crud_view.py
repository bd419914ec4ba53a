"""What the templates of a CRUD module are told of an entity: every decision made, nothing left to compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from team.generators.conditions import broken, python_value
from team.specs.entity import CrudSpec, EntitySpec, FieldSpec, Rule, class_names
from team.specs.names import article, pascal, phrase, snake, words
from team.specs.values import DECIMAL_DIGITS, MAX_INTEGER, TEXT_TYPES

MODEL_TYPES = {
    "string": "str", "text": "str", "email": "str", "integer": "int", "number": "float", "decimal": "Decimal",
    "boolean": "bool", "date": "dt.date", "datetime": "dt.datetime", "uuid": "UUID", "json": "Json",
}  # fmt: skip
_COLUMNS = {
    "text": "sa.Text", "integer": "sa.BigInteger", "number": "sa.Float", "boolean": "sa.Boolean",
    "date": "sa.Date", "datetime": "UtcDateTime", "uuid": "sa.Uuid", "json": "sa.JSON(none_as_null=True)",
}  # fmt: skip
_SCHEMAS = {
    "string": "Text", "text": "Text", "email": "EmailStr", "integer": "Integer", "number": "Number",
    "decimal": "ExactDecimal", "boolean": "StrictBool", "date": "Date", "datetime": "UtcTime", "uuid": "UUID",
    "json": "Json",
}  # fmt: skip
_QUERIES = {
    "string": "Text", "email": "Text", "integer": "QueryInteger", "number": "QueryNumber", "decimal": "ExactDecimal",
    "boolean": "bool", "date": "Date", "datetime": "UtcTime", "uuid": "UUID",
}  # fmt: skip
_SQL_WORDS = frozenset(
    "add all alter and as asc between by case check collate column constraint create cross current_date default "
    "delete desc distinct drop else end escape except exists foreign from full glob group having if in index inner "
    "insert intersect into is isnull join key left like limit natural not notnull null offset on or order outer "
    "primary references right select set table then to transaction union unique update user using value values when "
    "where with".split()  # noqa: SIM905
)
_LOCAL_NAMES = frozenset(
    {"app", "changes", "conditions", "count", "data", "dt", "error", "found", "merge", "name", "page", "problem"}
    | {"query", "repository", "response", "router", "sa", "self", "stored", "total", "value", "matches", "client"}
)
"""Names in the drafted functions that a variable for a row must not hide."""


@dataclass(frozen=True)
class FieldView:
    """One field in the words of the templates."""

    spec: FieldSpec
    entity: EntitySpec
    target: EntitySpec | None
    taken: frozenset[str]

    @property
    def name(self) -> str:
        """The attribute and the JSON key."""
        return self.spec.name

    @property
    def label(self) -> str:
        """The field in words."""
        return self.name.replace("_", " ")

    @property
    def type_name(self) -> str:
        """The name of the field's own type: its enum, or its type in the schemas."""
        name = self.entity.name + pascal(self.name)
        return f"{name}Value" if name in self.taken else name

    @property
    def members(self) -> dict[str, str]:
        """Enum member → value, in the order of the spec."""
        return enum_members(self.spec.values)

    @property
    def model_type(self) -> str:
        """The annotation in the table."""
        kind = self.type_name if self.spec.type == "enum" else MODEL_TYPES[self.spec.type]
        return f"{kind} | None" if self.spec.nullable else kind

    @property
    def column(self) -> str:
        """The arguments of ``mapped_column``."""
        return ", ".join([self._column_type, *self._column_options])

    @property
    def _column_type(self) -> str:
        _, high = self.spec.bounds
        match self.spec.type:
            case "enum":
                return f'string_enum({self.type_name}, "{self.name}")'
            case "string" | "email":
                return f"sa.String({high})"
            case "decimal":
                return f"ExactNumeric({DECIMAL_DIGITS}, {self.spec.places})"
            case "integer" if self.target:
                return f'sa.ForeignKey("{snake(self.target.plural)}.id", ondelete="{self.action}")'
        return _COLUMNS[self.spec.type]

    @property
    def _column_options(self) -> list[str]:
        if self.spec.unique:
            return ["unique=True"]
        return ["index=True"] if self.spec.index or self.target else []

    @property
    def action(self) -> str:
        """What deleting the row that it names does, in SQL."""
        return (self.spec.on_delete or "restrict").upper().replace("_", " ")

    @property
    def target_phrase(self) -> str:
        """The entity that it names, in words."""
        return phrase(self.target.name) if self.target else ""

    @property
    def checks(self) -> list[tuple[str, str]]:
        """(SQL, name) of what the database checks: the limits that its types do not know."""
        column = f'"{self.name}"' if self.name in _SQL_WORDS else self.name
        low, high = self.spec.bounds
        if self.spec.type in TEXT_TYPES:
            column = f"length({column})"
            high = high if self.spec.type == "text" else None
            low = low or None
        if self.spec.type in ("date", "datetime") or self.target:
            return []
        limits = [(low, ">=", "min"), (high, "<=", "max")]
        return [
            (f"{column} {sign} {limit}", f"{self.name}_{name}") for limit, sign, name in limits if limit is not None
        ]

    @property
    def alias(self) -> str | None:
        """The definition of the field's own type in the schemas, where it has one."""
        base, constraints = _SCHEMAS.get(self.spec.type, ""), self._constraints
        return f"Annotated[{base}, Field({', '.join(constraints)})]" if constraints else None

    @property
    def schema_type(self) -> str:
        """The annotation in the schemas, without ``| None``."""
        if self.spec.type == "enum":
            return self.type_name
        if self.target:
            return "RowId"
        return self.type_name if self.alias else _SCHEMAS[self.spec.type]

    @property
    def _constraints(self) -> list[str]:
        low, high = self.spec.bounds
        match self.spec.type:
            case "string" | "text" | "email":
                shown = None if self.spec.type == "email" and high == 254 else high
                return _keywords(min_length=low or None, max_length=shown)
            case "integer" if not self.target:
                return _keywords(
                    ge="-MAX_INTEGER" if low is None else low,
                    le="MAX_INTEGER" if high in (None, MAX_INTEGER) else high,
                )
            case "decimal":
                limits = {"max_digits": DECIMAL_DIGITS, "decimal_places": self.spec.places}
                return _keywords(**limits, ge=_source(low), le=_source(high))
            case "number" | "date" | "datetime":
                return _keywords(ge=_source(low), le=_source(high))
        return []

    @property
    def default(self) -> str | None:
        """What follows the annotation in a whole entity; None: the field must be given."""
        if self.spec.default is None:
            return "None" if self.spec.nullable else None
        if self.spec.type == "enum":
            return self.member(self.spec.default)
        if self.spec.type == "json":
            return f"Field(default_factory=lambda: {self.spec.default!r})"
        return python_value(self.spec.default_value)

    def member(self, value: str) -> str:
        """The member of the field's enum with a value."""
        return f"{self.type_name}.{next(name for name, known in self.members.items() if known == value)}"

    @property
    def query_type(self) -> str | None:
        """The annotation as a filter; None: the list cannot be filtered by it."""
        if self.name in ("limit", "offset"):
            return None
        if self.spec.type == "enum":
            return self.type_name
        return "RowId" if self.target else _QUERIES.get(self.spec.type)


@dataclass(frozen=True)
class RuleView:
    """One business rule in the words of the templates."""

    rule: Rule
    condition: str

    @property
    def message(self) -> str:
        """The message as Python source: one literal, or several that belong together."""
        return literal(self.rule.message)


class EntityView:
    """One entity in the words of the templates."""

    def __init__(self, entity: EntitySpec, spec: CrudSpec) -> None:
        self.spec = entity
        targets = {other.name: other for other in spec.entities}
        taken = frozenset(name for other in spec.entities for name in class_names(other))
        self.fields = [
            FieldView(field, entity, targets.get(pascal((field.references or "").partition(".")[0])), taken)
            for field in entity.fields
        ]
        self.by_name = {field.name: field for field in self.fields}
        self._spec = spec
        self.name = entity.name
        self.snake = snake(entity.name)
        self.phrase = phrase(entity.name)
        self.one = article(self.phrase)
        self.many = entity.plural
        self.plural_snake = snake(entity.plural)
        self.plural_name = pascal(entity.plural)
        self.path = entity.path
        self.var = f"{self.snake}_row" if self.snake in _LOCAL_NAMES else self.snake
        self.constant = self.snake.upper()

    @cached_property
    def rules(self) -> list[RuleView]:
        """The business rules that are expressions."""
        nullable = {field.name for field in self.spec.fields if field.nullable}
        member: Callable[[str, str], str] = lambda field, value: self.by_name[field].member(value)  # noqa: E731
        return [
            RuleView(rule, broken(self.spec.expression(rule), nullable, member))
            for rule in self.spec.expression_rules
        ]

    @property
    def enums(self) -> list[FieldView]:
        """The enum fields."""
        return [field for field in self.fields if field.spec.type == "enum"]

    @property
    def aliases(self) -> list[FieldView]:
        """The fields with a type of their own in the schemas."""
        return [field for field in self.fields if field.alias]

    @property
    def checks(self) -> list[tuple[str, str]]:
        """All CHECK constraints of the table."""
        return [check for field in self.fields for check in field.checks]

    @property
    def unique(self) -> list[FieldView]:
        """The unique fields."""
        return [field for field in self.fields if field.spec.unique]

    @property
    def references(self) -> list[FieldView]:
        """The fields that name a row of another table."""
        return [field for field in self.fields if field.target]

    @property
    def filters(self) -> list[FieldView]:
        """The fields that the list can be filtered by."""
        return [field for field in self.fields if field.query_type]

    @cached_property
    def referred(self) -> list[tuple[EntityView, FieldView]]:
        """The fields of all entities that refer to this one, each with its entity."""
        views = (EntityView(other, self._spec) for other in self._spec.entities)
        return [
            (view, field)
            for view in views
            for field in view.references
            if field.target is not None and field.target.name == self.name
        ]

    @property
    def in_use(self) -> str:
        """What is in the way of deleting a row, in words; empty: nothing."""
        others = [view.one for view, field in self.referred if field.action == "RESTRICT"]
        return f"{' or '.join(dict.fromkeys(others))} still refers to this {self.phrase}" if others else ""

    @property
    def taken(self) -> str:
        """What is in the way of storing a row, in words; empty: nothing."""
        labels = " or ".join(field.label for field in self.unique)
        reasons = [f"another {self.phrase} has this {labels}"] if labels else []
        if self.references:
            reasons.append("what it refers to was deleted meanwhile")
        return " or ".join(reasons)

    @property
    def conflict(self) -> str:
        """Every reason for a conflict, in words, for the documentation."""
        reasons = [self.taken, self.in_use, f"the {self.phrase} was changed meanwhile"]
        text = ", or ".join(reason for reason in reasons if reason)
        return text[:1].upper() + text[1:]


def enum_members(values: tuple[str, ...]) -> dict[str, str]:
    """Names for the values of an enum: upper case, different, identifiers."""
    members: dict[str, str] = {}
    for value in values:
        name = "_".join(words(value)).upper() or "VALUE"
        name = f"VALUE_{name}" if name[0].isdigit() else name
        number = 2
        unique = name
        while unique in members:
            unique, number = f"{name}_{number}", number + 1
        members[unique] = value
    return members


def literal(text: str, width: int = 70) -> str:
    """A text as Python source; a long one as adjacent literals, cut at spaces."""
    parts: list[str] = []
    for word in text.split(" "):
        if parts and len(parts[-1]) + len(word) < width:
            parts[-1] += f" {word}"
        else:
            if parts:
                parts[-1] += " "
            parts.append(word)
    return " ".join(repr(part) for part in parts)


def _keywords(**arguments: Any) -> list[str]:
    return [f"{name}={value}" for name, value in arguments.items() if value is not None]


def _source(value: Any) -> str | None:
    return None if value is None else python_value(value)
