"""What the templates are told of a field: every decision made, nothing left to compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from team.generators.crud.conditions import python_value
from team.specs.entity import EntitySpec
from team.specs.fields import FieldSpec
from team.specs.names import pascal, phrase, snake, words
from team.specs.values import DECIMAL_DIGITS, TEXT_TYPES

MODEL_TYPES = {
    "string": "str", "text": "str", "email": "str", "integer": "int", "number": "float", "decimal": "Decimal",
    "boolean": "bool", "date": "dt.date", "datetime": "dt.datetime", "uuid": "UUID", "json": "Json",
}  # fmt: skip
_COLUMNS = {
    "text": "sa.Text", "integer": "sa.BigInteger", "number": "sa.Float", "boolean": "sa.Boolean",
    "date": "sa.Date", "datetime": "UtcDateTime", "uuid": "sa.Uuid", "json": "sa.JSON(none_as_null=True)",
}  # fmt: skip
_SCHEMAS = {
    "string": "Text", "text": "Text", "email": "EmailStr", "number": "Number",
    "boolean": "StrictBool", "date": "Date", "datetime": "UtcTime", "uuid": "UUID", "json": "Json",
}  # fmt: skip
_CHECKED = {
    "integer": ("int", ("BeforeValidator(json_number)",)),
    "decimal": ("Decimal", ("BeforeValidator(not_boolean)", "AfterValidator(plain)")),
    "date": ("dt.date", ("BeforeValidator(iso_date)",)),
    "datetime": ("AwareDatetime", ("BeforeValidator(iso_time)", "AfterValidator(to_utc)")),
}
"""What types with validators are made of, where a field has limits besides."""
_QUERIES = {
    "string": "Text", "email": "Text", "integer": "QueryInteger", "number": "QueryNumber",
    "decimal": "Decimal", "boolean": "bool", "date": "Date", "datetime": "UtcTime", "uuid": "UUID",
}  # fmt: skip
_SQL_WORDS = frozenset({
    "add", "all", "alter", "and", "as", "asc", "between", "by", "case", "check", "collate", "column",
    "constraint", "create", "cross", "current_date", "default", "delete", "desc", "distinct", "drop",
    "else", "end", "escape", "except", "exists", "foreign", "from", "full", "glob", "group", "having",
    "if", "in", "index", "inner", "insert", "intersect", "into", "is", "isnull", "join", "key", "left",
    "like", "limit", "natural", "not", "notnull", "null", "offset", "on", "or", "order", "outer",
    "primary", "references", "right", "select", "set", "table", "then", "to", "transaction", "union",
    "unique", "update", "user", "using", "value", "values", "when", "where", "with",
})  # fmt: skip
"""Column names that SQL takes only in quotes."""


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
        column = sql_name(self.name)
        low, high = self.spec.bounds
        if self.spec.type in TEXT_TYPES:
            column = f"length({column})"
            high = high if self.spec.type == "text" else None
            low = low or None
        if self.spec.type in ("date", "datetime") or self.target:
            return []
        limits = [(low, ">=", "min"), (high, "<=", "max")]
        return [
            (f"{column} {sign} {limit}", f"{self.name}_{name}")
            for limit, sign, name in limits
            if limit is not None
        ]

    @property
    def alias(self) -> str | None:
        """The definition of the field's own type in the schemas, where it has one."""
        if not self._constraints:
            return None
        # Limits stand before the validators: so they are part of the JSON Schema.
        limits = f"Field({', '.join(self._constraints)})"
        base, validators = _CHECKED.get(self.spec.type, (_SCHEMAS.get(self.spec.type, ""), ()))
        return f"Annotated[{', '.join([base, limits, *validators])}]"

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
                    ge="-MAX_INTEGER" if low is None else low, le="MAX_INTEGER" if high is None else high
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
        return "QueryId" if self.target else _QUERIES.get(self.spec.type)


def sql_name(name: str) -> str:
    """A column's name in SQL, in quotes where it needs them."""
    return f'"{name}"' if name in _SQL_WORDS else name


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


def _keywords(**arguments: Any) -> list[str]:
    return [f"{name}={value}" for name, value in arguments.items() if value is not None]


def _source(value: Any) -> str | None:
    return None if value is None else python_value(value)
