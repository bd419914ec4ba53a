"""What the templates are told of an entity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from team.generators.crud.conditions import broken
from team.generators.crud.fields import FieldView
from team.generators.crud.links import LinkView
from team.generators.crud.variables import variable
from team.specs.entity import CrudSpec, EntitySpec, Rule, class_names
from team.specs.names import article, pascal, phrase, snake


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
        self.var = variable(entity)
        self.constant = self.snake.upper()

    @cached_property
    def rules(self) -> list[RuleView]:
        """The business rules that are expressions."""
        nullable = {field.name for field in self.spec.fields if field.nullable}
        return [
            RuleView(rule, broken(self.spec.expression(rule), nullable, self._member))
            for rule in self.spec.expression_rules
        ]

    @cached_property
    def links(self) -> list[LinkView]:
        """The many-to-many relationships."""
        return [LinkView(link, self._spec.entities) for link in self._spec.links(self.spec)]

    def _member(self, field: str, value: str) -> str:
        return self.by_name[field].member(value)

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
        return f"{either(dict.fromkeys(others))} still refers to this {self.phrase}" if others else ""

    @property
    def taken(self) -> str:
        """What is in the way of storing a row, in words; empty: nothing."""
        labels = either(field.label for field in self.unique)
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


def either(words: Iterable[str]) -> str:
    """Words as a choice: ``a, b or c``."""
    *first, last = [*words] or [""]
    return f"{', '.join(first)} or {last}" if first else last
