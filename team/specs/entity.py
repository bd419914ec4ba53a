"""`devteam crud`: entities with fields, relationships and business rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from team.specs.base import Kind, Spec, StrictModel, suggestion
from team.specs.expressions import Expression, ExpressionError, looks_like_expression
from team.specs.names import entity_problem, field_problem, pascal, phrase, plural, snake
from team.specs.values import NUMBER_TYPES, TEXT_TYPES, TIME_TYPES, FieldType, convert, decimal_places
from team.specs.words import entity_text

OnDelete = Literal["restrict", "cascade", "set_null"]


class FieldSpec(StrictModel):
    """One field of an entity. `min` and `max` limit the value, or the length of a text."""

    name: str
    type: FieldType
    required: bool = True
    unique: bool = False
    index: bool = False
    default: Any = Field(default=None, description="None: there is no default")
    min: int | float | str | None = Field(default=None, union_mode="left_to_right")
    max: int | float | str | None = Field(default=None, union_mode="left_to_right")
    max_length: int | None = Field(default=None, gt=0, le=100_000)
    values: tuple[str, ...] = ()
    references: str | None = Field(default=None, description="Entity.id")
    on_delete: OnDelete | None = Field(default=None, description="what deleting the referenced row does")

    @field_validator("name")
    @classmethod
    def _usable_name(cls, name: str) -> str:
        if problem := field_problem(name):
            raise ValueError(problem)
        return name

    @field_validator("min", "max", "max_length", "required", "unique", "index", mode="before")
    @classmethod
    def _no_bool_for_number(cls, value: Any, info: Any) -> Any:
        boolean = info.field_name in ("required", "unique", "index")
        if isinstance(value, bool) != boolean and value is not None:
            raise ValueError(f"{value!r} is not {'true or false' if boolean else 'a number'}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_keys_fit_type()
        low, high = self.bounds
        if low is not None and high is not None and low > high:
            raise ValueError(f"field {self.name!r}: min {self.min} is greater than max {self.max}")
        if self.default is not None:
            self._check_default()
        if self.type == "decimal":
            self._named(lambda: self.places)
        return self

    def _check_keys_fit_type(self) -> None:
        if (self.type == "enum") != bool(self.values):
            raise ValueError(f"field {self.name!r}: an enum needs values, and nothing else has any")
        if len(set(self.values)) < len(self.values) or not all(
            v.strip() and "\0" not in v for v in self.values
        ):
            raise ValueError(f"field {self.name!r}: values must be different, and none may be empty")
        allowed = {
            "min": NUMBER_TYPES | TEXT_TYPES | TIME_TYPES, "max": NUMBER_TYPES | TEXT_TYPES | TIME_TYPES,
            "max_length": TEXT_TYPES, "references": {"integer"},
        }  # fmt: skip
        for key, types in allowed.items():
            if getattr(self, key) is not None and self.type not in types:
                raise ValueError(f"field {self.name!r}: {key} does not go with type {self.type}")
        if self.type == "json" and (self.unique or self.index):
            raise ValueError(f"field {self.name!r}: json can be neither unique nor an index")
        if self.on_delete and not self.references:
            raise ValueError(f"field {self.name!r}: on_delete needs references")
        if self.on_delete == "set_null" and self.required:
            raise ValueError(f"field {self.name!r}: on_delete: set_null needs required: false")
        if self.max_length is not None and self.max is not None:
            raise ValueError(f"field {self.name!r}: give max_length or max, not both")

    def _check_default(self) -> None:
        default = self._named(lambda: self.default_value)
        low, high = self.bounds
        size = len(default) if self.type in TEXT_TYPES else default
        if (low is not None and size < low) or (high is not None and size > high):
            raise ValueError(f"field {self.name!r}: default {self.default!r} is outside its limits")
        if self.unique or self.references:
            raise ValueError(f"field {self.name!r}: what is unique or a reference has no default")

    def _named(self, read: Any) -> Any:
        try:
            return read()
        except ValueError as error:
            raise ValueError(f"field {self.name!r}: {error}") from error

    @property
    def default_value(self) -> Any:
        """The default as Python holds it, or None."""
        return None if self.default is None else convert(self.type, self.default, self.values)

    @property
    def bounds(self) -> tuple[Any, Any]:
        """The smallest and the largest value as Python holds them, or the lengths of a text; None: no limit."""
        kind = "integer" if self.type in TEXT_TYPES else self.type
        low, high = (
            None if raw is None else self._named(lambda raw=raw: convert(kind, raw))
            for raw in (self.min, self.max)
        )
        if self.type in TEXT_TYPES:
            high = self.max_length if high is None else high
            if high is None and self.type != "text":
                high = 255 if self.type == "string" else 254
            if (low or 0) < 0 or high == 0:
                raise ValueError(f"field {self.name!r}: a length is at least 0, the greatest at least 1")
        return low, high

    @property
    def places(self) -> int:
        """The digits after the point of a decimal."""
        numbers = (self.default_value, *self.bounds)
        return decimal_places([number for number in numbers if isinstance(number, Decimal)])

    @property
    def nullable(self) -> bool:
        """Whether the value may be missing."""
        return not self.required


class Relationship(StrictModel):
    """How entities belong together, seen from this one."""

    name: str
    target: str
    kind: Literal["one_to_many", "many_to_one", "many_to_many"]


class Rule(StrictModel):
    """What must hold for every entity that is stored."""

    rule: str = Field(min_length=1, max_length=500, description="an expression over the fields")
    message: str = Field(default="", max_length=300, description="what a client is told")

    @model_validator(mode="after")
    def _has_message(self) -> Self:
        if not self.message.strip():
            object.__setattr__(self, "message", f"this must hold: {' '.join(self.rule.split())}")
        return self


class EntitySpec(StrictModel):
    """One kind of thing that is stored and served."""

    name: str
    fields: tuple[FieldSpec, ...] = Field(min_length=1, max_length=300)
    relationships: tuple[Relationship, ...] = ()
    business_rules: tuple[Rule | str, ...] = ()

    @field_validator("name")
    @classmethod
    def _usable_name(cls, name: str) -> str:
        if problem := entity_problem(name):
            raise ValueError(problem)
        return pascal(name)

    @field_validator("fields")
    @classmethod
    def _distinct(cls, fields: tuple[FieldSpec, ...]) -> tuple[FieldSpec, ...]:
        names = [field.name for field in fields]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"field {twice[0]!r} is there twice")
        return fields

    @field_validator("business_rules")
    @classmethod
    def _expressions_marked(cls, rules: tuple[Rule | str, ...]) -> tuple[Rule | str, ...]:
        return tuple(Rule(rule=r) if isinstance(r, str) and looks_like_expression(r) else r for r in rules)

    @model_validator(mode="after")
    def _rules_parse(self) -> Self:
        for rule in self.expression_rules:
            try:
                self.expression(rule)
            except ExpressionError as error:
                raise ValueError(f"business rule {rule.rule!r}: {error}") from error
        return self

    @property
    def expression_rules(self) -> tuple[Rule, ...]:
        """The rules that templates can implement."""
        return tuple(rule for rule in self.business_rules if isinstance(rule, Rule))

    def expression(self, rule: Rule) -> Expression:
        """The rule, parsed against the fields."""
        return Expression.parse(rule.rule, {field.name: field for field in self.fields})

    @property
    def plural(self) -> str:
        """The name of many, in words: ``order items``."""
        return plural(phrase(self.name))

    @property
    def path(self) -> str:
        """The path of its routes: ``/order-items``."""
        return "/" + self.plural.replace(" ", "-")


class CrudSpec(Spec):
    """A service that creates, reads, updates and deletes entities."""

    kind: ClassVar[Kind] = "crud"

    entities: tuple[EntitySpec, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _one_entity(cls, value: Any) -> Any:
        if isinstance(value, dict) and "entities" not in value and ({"name", "fields"} & value.keys()):
            entity = {key: part for key, part in value.items() if key != "packages"}
            return {"entities": [entity], **({"packages": value["packages"]} if "packages" in value else {})}
        return {"entities": [value]} if isinstance(value, EntitySpec) else value

    @model_validator(mode="after")
    def _names_fit_together(self) -> Self:
        classes: dict[str, str] = {}
        for entity in self.entities:
            for made in class_names(entity):
                if made in classes:
                    raise ValueError(f"{entity.name} and {classes[made]} would both make the class {made}")
                classes[made] = entity.name
        routes = [entity.path for entity in self.entities]
        if twice := sorted({route for route in routes if routes.count(route) > 1}):
            raise ValueError(f"two entities would be served at {twice[0]}")
        names = [entity.name for entity in self.entities]
        for entity in self.entities:
            for reference in (field.references for field in entity.fields if field.references):
                _check_reference(entity, reference, names)
            for relationship in entity.relationships:
                if pascal(relationship.target) not in names:
                    hint = suggestion(relationship.target, names)
                    raise ValueError(
                        f"{entity.name} is related to {relationship.target!r}, which is not there; {hint}"
                    )
        return self

    @property
    def title(self) -> str:
        """The entities, in plural."""
        shown = [entity.plural for entity in self.entities[:3]]
        more = len(self.entities) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")

    def requirements_text(self) -> str:
        """The entities, their fields, routes and rules, as Markdown."""
        return entity_text(self)

    def prose_rules(self) -> tuple[str, ...]:
        """The business rules in prose, and the relationships that templates do not make."""
        rules = [rule for entity in self.entities for rule in entity.business_rules if isinstance(rule, str)]
        links = [
            f"{entity.name}.{link.name}: many-to-many with {pascal(link.target)}"
            for entity in self.entities
            for link in entity.relationships
            if link.kind == "many_to_many"
        ]
        return (*rules, *links)


CLASS_SUFFIXES = ("", "Create", "Fields", "Page", "Query", "Read", "Repository", "Update")
"""What follows an entity's name in the names of its classes."""


def class_names(entity: EntitySpec) -> list[str]:
    """The names of the classes that every module for this entity has."""
    return [entity.name + suffix for suffix in CLASS_SUFFIXES]


def _check_reference(entity: EntitySpec, reference: str, names: list[str]) -> None:
    target, _, column = reference.partition(".")
    if pascal(target) not in names or not target:
        hint = suggestion(target, names)
        raise ValueError(f"{entity.name} references {reference!r}, but no entity has that name; {hint}")
    if column != "id":
        raise ValueError(
            f"{entity.name} references {reference!r}; only the id can be: {snake(target)!r}: {target}.id"
        )
