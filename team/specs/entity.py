"""`devteam crud`: entities with fields, relationships and business rules."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from team.specs.base import Kind, Spec, StrictModel, problem, suggestion
from team.specs.expressions import Expression, ExpressionError, looks_like_expression
from team.specs.fields import FieldSpec
from team.specs.links import Link, check_links, links_of
from team.specs.names import entity_problem, pascal, phrase, plural
from team.specs.words import entity_text


class Relationship(StrictModel):
    """How entities belong together, seen from this one."""

    name: str
    target: str
    kind: Literal["one_to_many", "many_to_one", "many_to_many"]
    back: str | None = Field(
        default=None, description="of many_to_many: the relationship of the target that means the same pairs"
    )


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
        if wrong := entity_problem(name):
            raise ValueError(wrong)
        return pascal(name)

    @field_validator("fields")
    @classmethod
    def _distinct(cls, fields: tuple[FieldSpec, ...]) -> tuple[FieldSpec, ...]:
        seen: set[str] = set()
        for number, field in enumerate(fields):
            if field.name in seen:
                raise problem(f"field {field.name!r} is there twice", at=(number, "name"))
            seen.add(field.name)
        return fields

    @field_validator("business_rules")
    @classmethod
    def _expressions_marked(cls, rules: tuple[Rule | str, ...]) -> tuple[Rule | str, ...]:
        return tuple(Rule(rule=r) if isinstance(r, str) and looks_like_expression(r) else r for r in rules)

    @model_validator(mode="after")
    def _rules_parse(self) -> Self:
        for number, rule in enumerate(self.business_rules):
            if isinstance(rule, str):
                continue
            try:
                self.expression(rule)
            except ExpressionError as error:
                at = ("business_rules", number, "rule")
                raise problem(f"business rule {rule.rule!r}: {error}", at=at) from error
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
        made_by: dict[str, str] = {}
        for number, entity in enumerate(self.entities):
            for made in (*class_names(entity), entity.path):
                if made in made_by:
                    text = f"{made_by[made]} and {entity.name} would both make {made}"
                    raise problem(text, at=("entities", number, "name"))
            made_by |= dict.fromkeys((*class_names(entity), entity.path), entity.name)
        return self

    @model_validator(mode="after")
    def _references_lead_somewhere(self) -> Self:
        names = [entity.name for entity in self.entities]
        for number, entity in enumerate(self.entities):
            for place, field in enumerate(entity.fields):
                if field.references:
                    at = ("entities", number, "fields", place, "references")
                    _check_reference(entity, field.references, names, at)
            for place, link in enumerate(entity.relationships):
                if pascal(link.target) not in names:
                    at = ("entities", number, "relationships", place, "target")
                    hint = suggestion(link.target, names)
                    raise problem(
                        f"{entity.name} is related to {link.target!r}, which is not there", hint, at=at
                    )
        check_links(self.entities)
        if stuck := _never_created(self.entities):
            raise problem(
                f"no {stuck} could ever be created: it must refer to itself, if only by way of others",
                "make a reference optional (required: false)",
                at=("entities", names.index(stuck), "name"),
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
        """The business rules in prose, and the relationships that no field makes."""
        rules = [rule for entity in self.entities for rule in entity.business_rules if isinstance(rule, str)]
        links = [link for entity in self.entities for link in self.open_links(entity)]
        return (*rules, *links)

    def open_links(self, entity: EntitySpec) -> tuple[str, ...]:
        """The relationships of an entity that no field makes, in words."""
        return tuple(
            f"{entity.name}.{link.name}: {link.kind.replace('_', '-')} with {pascal(link.target)}"
            for link in entity.relationships
            if link.kind != "many_to_many" and not self._has_field(entity, link)
        )

    def links(self, entity: EntitySpec) -> list[Link]:
        """The many-to-many relationships of one entity."""
        return [link for link in links_of(self.entities) if link.owner is entity]

    def _has_field(self, entity: EntitySpec, link: Relationship) -> bool:
        """Whether a field of one entity references the other, as a relationship with one side needs."""
        one, many = entity.name, pascal(link.target)
        if link.kind == "many_to_one":
            one, many = many, one
        holders = [field for other in self.entities if other.name == many for field in other.fields]
        targets = [pascal((field.references or "").partition(".")[0]) for field in holders]
        return one in targets


CLASS_SUFFIXES = ("", "Create", "Fields", "Page", "Query", "Read", "Repository", "Update")
"""What follows an entity's name in the names of its classes."""


def class_names(entity: EntitySpec) -> list[str]:
    """The names of the classes that every module for this entity has."""
    return [entity.name + suffix for suffix in CLASS_SUFFIXES]


def _check_reference(entity: EntitySpec, reference: str, names: list[str], at: tuple[str | int, ...]) -> None:
    target, _, column = reference.partition(".")
    if not target or pascal(target) not in names:
        text = f"{entity.name} references {reference!r}, but no entity has that name"
        raise problem(text, suggestion(target, names), at=at)
    if column != "id":
        raise problem(f"{entity.name} references {reference!r}, but only an id can be", f"{target}.id", at=at)


def _never_created(entities: tuple[EntitySpec, ...]) -> str | None:
    """An entity that would have to be there before it can be created, or None."""
    needs = {
        entity.name: {
            pascal(f.references.partition(".")[0]) for f in entity.fields if f.references and f.required
        }
        for entity in entities
    }
    while free := [name for name, needed in needs.items() if not needed & needs.keys()]:
        for name in free:
            del needs[name]
    return next(iter(needs), None)
