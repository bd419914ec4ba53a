"""What must be refused: unknown rows, wrong and missing values, broken rules, taken values."""

from __future__ import annotations

from typing import Any

from team.gates.contract.http.rows import (
    MISSING,
    Row,
    StoredRows,
    filled_path,
    only_sent,
    sample,
    sent_by,
)
from team.gates.contract.http.values import JsonObject
from team.specs.service import Operation, Resource

REFUSED = (422,)
MOST_WRONG = 1_500
"""Wrong values in all; with more, each field is tried with one only."""


class Refusals:
    """Writes the requests that must be refused for one resource."""

    def __init__(self, rows: StoredRows) -> None:
        self.rows = rows
        self.script = rows.script
        self.values = rows.values
        self._one_wrong_each = sum(len(values.wrong()) for values in self.values.values()) > MOST_WRONG

    def write(self, resource: Resource) -> None:
        """Everything that the resource must not take."""
        self._unknown_rows(resource)
        create = resource.operations.get("create")
        row = self.rows.row(resource, 0)
        if create is None or row is None:
            return
        path = filled_path(create.path, row.place)
        self._wrong_values(resource, create, path, row)
        self._left_out_values(resource, create, path)
        self._rules(resource, create, path, row)
        self._taken(resource, create, path, row)
        for name, _ in self.rows.references(resource, required=False):
            body = row.sent | {resource.json_name(name): MISSING["integer"]}
            step = self.script.ask(create, path, body=self._fresh(resource, body))
            self.script.expect(step, create, "reference", (400, 404, 409, 422), f"`{name}` that names no row")

    def _fresh(self, resource: Resource, body: JsonObject) -> JsonObject:
        """The body with unique values that are not taken yet."""
        third = self.rows.body(resource, 2) or {}
        unique = {
            resource.json_name(each.name)
            for each in resource.entity.fields
            if each.unique and not each.references
        }
        return {**body, **{name: value for name, value in third.items() if name in unique}}

    def _unknown_rows(self, resource: Resource) -> None:
        place = self.rows.place(resource) or tuple(sample(each.schema) for each in resource.parents)
        key = MISSING[
            "string"
            if resource.key.schema.get("type") == "string" and resource.key.type != "uuid"
            else resource.key.type
        ]
        body = self.rows.body(resource, 0) or {}
        for verb in ("read", "update", "replace", "delete"):
            operation = resource.operations.get(verb)
            if operation is None:
                continue
            path = filled_path(operation.path, (*place, key))
            if operation.request is None:
                step = self.script.ask(operation, path)
            else:
                whole = only_sent(body, operation) or self._plain(resource, operation)
                step = self.script.ask(operation, path, body=whole)
            self.script.expect(step, operation, "not-found", (404,), "a row that does not exist")

    def _plain(self, resource: Resource, operation: Operation) -> JsonObject:
        body = self.values[resource.entity.name].body(0) or {}
        return only_sent(self.rows.in_json(resource, body), operation)

    def _wrong_values(self, resource: Resource, create: Operation, path: list[Any], row: Row) -> None:
        update = resource.operations.get("update")
        tried: set[str] = set()
        for name, value, why in self.values[resource.entity.name].wrong():
            json_name = resource.json_name(name)
            first = name not in tried
            tried.add(name)
            if self._one_wrong_each and not first:
                continue
            what = f"`{json_name}` that is {why}"
            if json_name in sent_by(create):
                body = self._fresh(resource, row.sent) | {json_name: value}
                self.script.expect(
                    self.script.ask(create, path, body=body), create, "validation", refusals_of(create), what
                )
            if update is not None and first and json_name in sent_by(update):
                step = self.script.ask(update, self.rows.at(update, row), body={json_name: value})
                self.script.expect(step, update, "validation", refusals_of(update), what)

    def _left_out_values(self, resource: Resource, create: Operation, path: list[Any]) -> None:
        whole = self.rows.body(resource, 2) or self.rows.body(resource, 0)
        for name in (create.request or {}).get("required", ()):
            if whole is not None and name in whole:
                body = {other: value for other, value in whole.items() if other != name}
                step = self.script.ask(create, path, body=body)
                self.script.expect(step, create, "validation", refusals_of(create), f"a row without `{name}`")

    def _rules(self, resource: Resource, create: Operation, path: list[Any], row: Row) -> None:
        for changes, message in self.values[resource.entity.name].breaking():
            changes = self.rows.in_json(resource, changes)
            what = f"a row that breaks the rule {message!r}"
            body = self._fresh(resource, self.rows.body(resource, 0) or row.sent) | changes
            self.script.expect(self.script.ask(create, path, body=body), create, "rule", REFUSED, what)
            for verb in ("update", "replace"):
                operation = resource.operations.get(verb)
                if operation is None:
                    continue
                sent = changes if verb == "update" else (self.rows.body(resource, 0) or row.sent) | changes
                step = self.script.ask(operation, self.rows.at(operation, row), body=sent)
                self.script.expect(step, operation, "rule", REFUSED, what)

    def _taken(self, resource: Resource, create: Operation, path: list[Any], row: Row) -> None:
        third = self.rows.body(resource, 2)
        second = self.rows.row(resource, 1)
        for each in resource.entity.fields:
            name = resource.json_name(each.name)
            if not each.unique or name not in row.sent or third is None:
                continue
            body = third | {name: row.sent[name]}
            step = self.script.ask(create, path, body=body)
            self.script.expect(step, create, "unique", (409,), f"a `{name}` that is taken")
            update = resource.operations.get("update")
            if update is not None and second is not None and name in sent_by(update):
                step = self.script.ask(update, self.rows.at(update, second), body={name: row.sent[name]})
                self.script.expect(step, update, "unique", (409,), f"a `{name}` that is taken")


def refusals_of(operation: Operation) -> tuple[int, ...]:
    """The statuses of a refused body: 422, or what the spec names in its place."""
    return (400, 422) if 400 in operation.errors else REFUSED
