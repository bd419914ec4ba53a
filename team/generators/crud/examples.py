"""What the templates of a CRUD module's tests are told: example values as Python source."""

from __future__ import annotations

import shlex
from functools import cached_property

from team.generators.crud.candidates import other_value
from team.generators.crud.entities import EntityView, literal
from team.generators.crud.fields import FieldView
from team.generators.crud.json_forms import as_json, json_values, source, to_json
from team.generators.crud.samples import Samples, Values
from team.generators.crud.variables import variable
from team.generators.crud.wrong import invalid_values
from team.specs.entity import CrudSpec, EntitySpec


class DraftEntity(EntityView):
    """One entity in the words of the templates, with examples of it."""

    def __init__(self, entity: EntitySpec, spec: CrudSpec) -> None:
        super().__init__(entity, spec)
        self.tests = EntityTests(self)
        self.example = source(self.tests.example)
        self.example_json = shlex.quote(to_json(self.tests.example))


class EntityTests:
    """The examples for the tests of one entity."""

    def __init__(self, entity: EntityView) -> None:
        self._entity = entity
        self._samples = Samples(entity.spec)
        self._full = self._samples.full
        self._full |= {field.name: None for field in entity.references if field.spec.nullable}

    @property
    def parents(self) -> list[str]:
        """The fixtures of the rows that must be there first."""
        return list(dict.fromkeys(variable(field.target) for field in self._needed if field.target))

    @property
    def _needed(self) -> list[FieldView]:
        return [field for field in self._entity.references if not field.spec.nullable]

    @property
    def data(self) -> list[tuple[str, str]]:
        """Field and source of its value, in the order of the spec."""
        needed = {field.name: f'{variable(field.target)}["id"]' for field in self._needed if field.target}
        return [(name, needed.get(name, source(as_json(value)))) for name, value in self._full.items()]

    @property
    def example(self) -> Values:
        """The example entity as JSON values."""
        return json_values(self._full)

    @cached_property
    def defaults(self) -> Values:
        """What is filled in when only the needed fields are sent; empty: no example keeps the rules then."""
        if self._samples.least is None:
            return {}
        fields = (field.spec for field in self._entity.fields)
        return json_values({f.name: f.default_value for f in fields if f.nullable or f.default is not None})

    @property
    def defaults_source(self) -> str:
        """The defaults as source."""
        return source(self.defaults)

    @property
    def least(self) -> str | None:
        """How the needed fields must differ from the example when all else is left out."""
        least = self._samples.least or {}
        changes = {k: v for k, v in least.items() if v != self._full[k] and k not in self.defaults}
        return source(json_values(changes)) if changes else None

    @property
    def required(self) -> list[str]:
        """The fields that cannot be left out."""
        return [field.name for field in self._entity.fields if field.default is None]

    @property
    def not_null(self) -> list[str]:
        """The fields that are never null."""
        return [field.name for field in self._entity.fields if not field.spec.nullable]

    @property
    def clearable(self) -> list[str]:
        """The optional fields that can become null without breaking a rule."""
        optional = [field.name for field in self._entity.fields if field.spec.nullable]
        return [name for name in optional if self._samples.keeps_all(self._full | {name: None})]

    @property
    def invalid(self) -> list[tuple[str, str]]:
        """Field and source of a value that must be refused."""
        return [(field.name, value) for field in self._entity.fields for value in invalid_values(field)]

    @property
    def unique(self) -> list[str]:
        """The unique fields that a test can vary."""
        return [field.name for field in self._entity.unique] if self._others(1) else []

    def _others(self, number: int) -> Values | None:
        """New values for all unique fields; None: there are none left."""
        changes = {f.name: other_value(f.spec, self._full[f.name], number) for f in self._entity.unique}
        fits = self._samples.keeps_all(self._full | changes)
        return changes if fits and None not in changes.values() and not self._one_to_one else None

    @property
    def _one_to_one(self) -> bool:
        return any(field.target for field in self._entity.unique)

    @property
    def second(self) -> str:
        """The changes that make another row possible, as source."""
        return source(json_values(self._others(1) or {}))

    @property
    def series(self) -> str | None:
        """The changes for three rows beside each other, as source."""
        changes = [{}, self._others(1), self._others(2)]
        if any(change is None for change in changes):
            return None
        return "[" + ", ".join(source(json_values(change or {})) for change in changes) + "]"

    @property
    def taken(self) -> str:
        """The message of a conflict, as source."""
        return literal(self._entity.taken)

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Changes that break a rule, and the rule's message, both as source."""
        found = [(self._samples.breaking(number), rule) for number, rule in enumerate(self._entity.rules)]
        return [
            (source(json_values(changes)), rule.message) for changes, rule in found if changes is not None
        ]

    @property
    def untested_rules(self) -> list[str]:
        """The rules for which no example was found that breaks them."""
        return [
            rule.rule.rule
            for number, rule in enumerate(self._entity.rules)
            if self._samples.breaking(number) is None
        ]

    @cached_property
    def _change(self) -> Values | None:
        return self._samples.change

    @property
    def change(self) -> str | None:
        """One change that keeps every rule, as source."""
        return None if self._change is None else source(json_values(self._change))

    @property
    def change_json(self) -> str | None:
        """The same as JSON for a shell."""
        return None if self._change is None else shlex.quote(to_json(json_values(self._change)))

    @property
    def replacement(self) -> str | None:
        """Changes for a whole replacement, as source."""
        changes = (self._others(1) or {}) | (self._change or {})
        return (
            source(json_values(changes))
            if changes and self._samples.keeps_all(self._full | changes)
            else None
        )

    @property
    def deletes(self) -> list[tuple[EntityView, FieldView]]:
        """The entities whose example refers to this one, and the field that does."""
        return [(other, field) for other, field in self._entity.referred if not field.spec.nullable]

    @property
    def filters(self) -> list[tuple[str, str]]:
        """Field, and source of a value that the example does not have."""
        found = []
        for field in self._entity.filters:
            value = self._full[field.name]
            other = 2147483647 if field.target else other_value(field.spec, value, 1)
            if value is not None and other is not None:
                found.append((field.name, source(as_json(other))))
        return found
