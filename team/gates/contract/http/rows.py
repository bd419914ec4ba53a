"""The rows that a script stores: each created at first need, and addressed by what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from team.gates.contract.http.calls import Answer, ref
from team.gates.contract.http.compare import same
from team.gates.contract.http.script import Script
from team.gates.contract.http.values import JsonObject, RowValues
from team.specs.examples import example
from team.specs.names import article, pascal, phrase
from team.specs.service import Operation, Resource, Service, shape_of

MOST_ROWS = 3
MISSING = {"integer": 2_000_000_011, "string": "no-such-row", "uuid": "00000000-0000-4000-8000-00000000dead"}


@dataclass(frozen=True)
class Row:
    """One stored row: the request that made it, what was sent, and how it is addressed."""

    step: str
    sent: JsonObject
    key: Any
    place: tuple[Any, ...] = ()
    """The values of the path parameters before the key."""


@dataclass
class StoredRows:
    """The rows of one service, and the script that stores them."""

    service: Service
    values: Mapping[str, RowValues]
    """By entity."""
    script: Script = field(default_factory=Script)
    stored: dict[tuple[str, int], Row | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_name = {resource.entity.name: resource for resource in self.service.resources}

    def parents_first(self) -> Iterator[Resource]:
        """The resources, each after those that its rows need; in a circle, in the spec's order."""
        left = list(self.service.resources)
        done: set[str] = set()
        while left:
            free = [each for each in left if self._needs(each) <= done | {each.entity.name}] or left[:1]
            for each in free:
                left.remove(each)
                done.add(each.entity.name)
                yield each

    def _needs(self, resource: Resource) -> set[str]:
        owner = self._owner(resource)
        above = {owner.entity.name} if owner is not None else set()
        return above | {target for _, target in self.references(resource) if target in self.by_name}

    def references(self, resource: Resource, *, required: bool = True) -> list[tuple[str, str]]:
        """The fields that name a row of another entity, and that entity."""
        return [
            (each.name, pascal(each.references.partition(".")[0]))
            for each in resource.entity.fields
            if each.references and (each.required or not required)
        ]

    def row(self, resource: Resource, number: int) -> Row | None:
        """The `number`-th row of a resource, created at first need; None when it cannot be."""
        name = resource.entity.name
        if (name, number) not in self.stored:
            self.stored[name, number] = None  # a row that needs itself is none
            self.stored[name, number] = self._create(resource, number)
        return self.stored[name, number]

    def _create(self, resource: Resource, number: int) -> Row | None:
        create = resource.operations.get("create")
        sent = self.body(resource, number)
        if create is None or sent is None:
            return None
        place = self.place(resource)
        if place is None:
            return None
        step = self.script.ask(create, filled_path(create.path, place), body=sent)
        if resource.key.given:
            return Row(step, sent, sent.get(resource.key.json), place)
        return Row(step, sent, ref(step, resource.key.json), place)

    def place(self, resource: Resource) -> tuple[Any, ...] | None:
        """The values of the path parameters before the key; None when the row they name cannot be made."""
        owner = self._owner(resource)
        if owner is None:
            return tuple(sample(parameter.schema) for parameter in resource.parents)
        row = self.row(owner, 1) or self.row(owner, 0)
        return None if row is None else (*row.place, row.key)

    def _owner(self, resource: Resource) -> Resource | None:
        """The resource that the rows of another lie in, by their paths."""
        above = shape_of(resource.path.rstrip("/").rpartition("/")[0])
        return next((each for each in self.service.resources if shape_of(each.item_path) == above), None)

    def body(self, resource: Resource, number: int) -> JsonObject | None:
        """What is sent for the `number`-th row."""
        body = self.values[resource.entity.name].body(number)
        if body is None:
            return None
        unique = {each.name for each in resource.entity.fields if each.unique}
        for name, target in self.references(resource):
            parent = self.row(self.by_name[target], number if name in unique else 0)
            if parent is None:
                return None
            body[name] = parent.key
        return self.in_json(resource, body)

    def in_json(self, resource: Resource, values: JsonObject) -> JsonObject:
        """Values by field as values by JSON name."""
        return {resource.json_name(name): value for name, value in values.items()}

    def at(self, operation: Operation, row: Row) -> list[Any]:
        """The path of one stored row."""
        return filled_path(operation.path, (*row.place, row.key))


def filled_path(template: str, values: Iterable[Any]) -> list[Any]:
    """A path template with its parameters filled in, in order."""
    left = list(values)
    parts: list[Any] = []
    rest = template
    while "{" in rest and left:
        before, _, after = rest.partition("{")
        parts += [before, left.pop(0)]
        rest = after.partition("}")[2]
    return [*parts, rest]


def sample(schema: Mapping[str, Any]) -> Any:
    """A value for a path parameter."""
    return example("sample", dict(schema)) if schema else "sample"


def one_of(resource: Resource) -> str:
    """A row in words: ``an invoice``."""
    return article(phrase(resource.entity.name))


def value_of(value: Any, answers: Mapping[str, Answer]) -> Any:
    """A value with its references replaced by what was answered."""
    if not (isinstance(value, dict) and "$from" in value):
        return value
    found = answers[value["$from"]].json
    for key in value["at"]:
        if not isinstance(found, dict | list):
            raise KeyError(key)
        found = found[key]
    return found


def same_value(sent: Any, received: Any, answers: Mapping[str, Answer]) -> bool:
    """Whether what was sent, with its references replaced, means the same as what was received."""
    return same(value_of(sent, answers), received)


def sent_by(operation: Operation) -> Mapping[str, Any]:
    """What an operation takes: JSON name → schema."""
    properties: Mapping[str, Any] = (operation.request or {}).get("properties", {})
    return properties


def shown_by(operation: Operation) -> Mapping[str, Any] | None:
    """What an operation's answer promises: JSON name → schema; None: nothing is said of it."""
    return None if operation.response is None else operation.response.get("properties")


def only_sent(values: JsonObject, operation: Operation) -> JsonObject:
    """The values that an operation takes."""
    return {name: value for name, value in values.items() if name in sent_by(operation)}
