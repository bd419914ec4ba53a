"""Values to call a service with: such as it must take, and such as it must refuse. All are JSON values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from team.errors import SpecError
from team.generators.crud.candidates import other_value
from team.generators.crud.json_forms import as_json, json_values
from team.generators.crud.samples import Samples
from team.specs.entity import EntitySpec
from team.specs.fields import FieldSpec
from team.specs.values import TEXT_TYPES

JsonObject = dict[str, Any]
MOST_TRIES = 6
"""Of the ways to keep or to break one rule."""
Wrong = tuple[str, Any, str]
"""A field, a value that it must refuse, and why, in words."""


class RowValues(Protocol):
    """Values for the rows of one resource, by field."""

    def body(self, number: int) -> JsonObject | None:
        """A whole row, the `number`-th one of several that can be stored beside each other; None: no more."""
        ...

    def change(self) -> JsonObject | None:
        """One field of the first row with another value."""
        ...

    def wrong(self) -> list[Wrong]:
        """What must be refused, at least one for each field."""
        ...

    def breaking(self) -> list[tuple[JsonObject, str]]:
        """Changes to the first row that break a business rule, and its message."""
        ...

    def keeping(self) -> list[tuple[JsonObject, str]]:
        """Changes to the first row in the fields of a rule that keep all rules, and its message."""
        ...


class EntityValues:
    """Values for an entity, from its fields and rules."""

    def __init__(self, entity: EntitySpec) -> None:
        self._entity = entity
        self._samples = Samples(entity)

    @cached_property
    def _full(self) -> JsonObject | None:
        try:
            values = self._samples.full
        except SpecError:
            return None
        optional = [field.name for field in self._entity.fields if field.references and not field.required]
        return values | dict.fromkeys(optional)

    def body(self, number: int) -> JsonObject | None:
        """As the protocol says; references are left to the caller."""
        if self._full is None or number == 0:
            return None if self._full is None else json_values(self._full)
        changes = {
            field.name: other_value(field, self._full[field.name], number)
            for field in self._entity.fields
            if field.unique and not field.references
        }
        values = self._full | changes
        return (
            None if None in changes.values() or not self._samples.keeps_all(values) else json_values(values)
        )

    def change(self) -> JsonObject | None:
        """As the protocol says."""
        change = None if self._full is None else self._samples.change
        return None if change is None else json_values(change)

    def wrong(self) -> list[Wrong]:
        """As the protocol says."""
        return [
            (field.name, value, why) for field in self._entity.fields for value, why in wrong_values(field)
        ]

    def breaking(self) -> list[tuple[JsonObject, str]]:
        """As the protocol says."""
        if self._full is None:
            return []
        found = []
        for number, rule in enumerate(self._entity.expression_rules):
            changes = self._samples.breaking(number)
            if changes is not None:
                found.append((json_values(changes), rule.message))
            others = [values for values, kept in self._samples.around(number) if not kept]
            found += [(json_values(values), rule.message) for values in spread(others)]
        return found

    def keeping(self) -> list[tuple[JsonObject, str]]:
        """As the protocol says."""
        return [
            (json_values(values), rule.message)
            for number, rule in enumerate(self._entity.expression_rules)
            if self._full is not None
            for values in spread([values for values, kept in self._samples.around(number) if kept])
        ]


def spread(values: list[JsonObject]) -> list[JsonObject]:
    """A few of many, evenly over all, and over those in which two fields are alike: rules end there."""
    alike = [each for each in values if len(set(map(str, each.values()))) < len(each)]
    few = [*_evenly(values, MOST_TRIES), *_evenly(alike, MOST_TRIES // 2)]
    return [each for place, each in enumerate(few) if each not in few[:place]]


def _evenly(values: list[JsonObject], most: int) -> list[JsonObject]:
    if len(values) <= most:
        return values
    return [values[place * (len(values) - 1) // (most - 1)] for place in range(most)]


_NEVER: Mapping[str, tuple[Any, str]] = {
    "string": ([], "a list"), "text": ([], "a list"), "email": ("nobody", "no address"),
    "integer": (1.5, "no whole number"), "number": ("much", "no number"), "decimal": ("much", "no number"),
    "boolean": ("perhaps", "neither true nor false"), "date": ("31.01.2030", "no date"),
    "datetime": ("yesterday", "no time"), "uuid": ("1234", "no UUID"),
    "enum": ("no such value", "not listed"),
}  # fmt: skip
"""For each type what even a lenient reader must refuse."""


def wrong_values(field: FieldSpec) -> list[tuple[Any, str]]:
    """What a field must refuse, and why."""
    found = [_NEVER[field.type]] if field.type in _NEVER and not field.references else []
    if field.required:
        found.append((None, "null"))
    low, high = field.bounds
    if field.references:
        return [("much", "no id"), *found]
    if field.type in TEXT_TYPES - {"email"}:
        found += [("x" * (high + 1), f"longer than {high}")] if high else []
        found += [("x" * (low - 1), f"shorter than {low}")] if low else []
        return found
    if field.type == "email":
        return found
    step: Any = dt.timedelta(days=1) if field.type in ("date", "datetime") else 1
    try:
        found += [] if low is None else [(as_json(low - step), f"less than {as_json(low)}")]
        found += [] if high is None else [(as_json(high + step), f"more than {as_json(high)}")]
    except OverflowError:
        pass
    return found
