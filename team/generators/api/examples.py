"""What the templates of a service's tests are told: example rows, bodies and addresses of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from team.generators.api.annotations import Annotations
from team.generators.api.operations import ParameterView
from team.generators.api.resources import ResourceView
from team.specs.examples import example, wrong_examples
from team.specs.expand import Schema, kind
from team.specs.service import Operation, Resource

NO_ROW = {"integer": "2147483647", "string": "no-such-row", "uuid": "00000000-0000-4000-8000-00000000dead"}


class DraftResource(ResourceView):
    """One resource in the words of the templates, with examples of it."""

    def __init__(
        self, resource: Resource, others: Mapping[str, ResourceView], annotations: Annotations
    ) -> None:
        super().__init__(resource, others, annotations)
        self.examples = ResourceExamples(self)


class ResourceExamples:
    """The examples of one resource; the first one, number 0, is stored before each test."""

    def __init__(self, view: ResourceView) -> None:
        self._view = view

    def row(self, number: int = 0) -> dict[str, Any]:
        """JSON values for every column that is set when a row is stored directly."""
        values = {}
        for each in self._view.columns:
            if each.column.role in ("created", "updated"):
                continue
            values[each.name] = example(each.column.json, each.column.schema, number)
        values[self._view.key.name] = self.key(number)
        for each in self._view.parents:
            owner = self._view.owner
            values[each.name] = (
                ResourceExamples(owner).key()
                if owner is not None
                else example(each.column.json, each.column.schema)
            )
        return values

    def key(self, number: int = 0) -> Any:
        """The key of the `number`-th example."""
        schema = self._view.key.column.schema
        return number + 1 if self._view.counts_keys else example(self._view.key.column.json, schema, number)

    @property
    def row_source(self) -> list[tuple[str, str]]:
        """The columns of the stored example, as source."""
        values = self.row()
        return [
            (each.name, each.source(values[each.name])) for each in self._view.columns if each.name in values
        ]

    def shown_values(self, schema: Schema) -> dict[str, Any]:
        """What an answer shows of the stored example: JSON name → value."""
        values = self.row()
        return {
            each.column.json: values[each.name]
            for each in self._view.columns
            if each.name in values and each.column.json in schema.get("properties", {})
        }

    def collection_address(self) -> str:
        """The collection of the stored example."""
        values = self.row()
        return filled(self._view.path, [values[each.name] for each in self._view.above])

    def item_address(self, key: Any = None) -> str:
        """The stored example, or a row beside it."""
        return f"{self.collection_address().rstrip('/')}/{self.key() if key is None else key}"

    def missing_address(self) -> str:
        """A row that is not there, in the form that the path takes."""
        schema = self._view.resource.key.schema
        name = "uuid" if schema.get("format") == "uuid" else kind(schema) or "string"
        return self.item_address(
            NO_ROW.get(name, NO_ROW["string"]) if "enum" not in schema else schema["enum"][-1]
        )

    def body(self, operation: Operation, number: int) -> dict[str, Any]:
        """What is sent for the `number`-th example."""
        request = operation.request or {}
        return {
            key: example(key, part, number)
            for key, part in request.get("properties", {}).items()
            if not part.get("readOnly")
        }

    def kept(self, operation: Operation, number: int) -> dict[str, Any]:
        """What an answer shows of what was sent."""
        return self.kept_in(operation, operation, number)

    def kept_in(self, shown: Operation, sent: Operation, number: int) -> dict[str, Any]:
        """What one operation's answer shows of what another was sent."""
        known = (shown.response or {}).get("properties", {})
        above = {each.column.json for each in self._view.parents}
        return {
            key: value
            for key, value in self.body(sent, number).items()
            if key in known and key not in above and "writeOnly" not in known[key]
        }

    def changed(self, operation: Operation, number: int) -> dict[str, Any]:
        """What an answer shows of what was changed: the key stays."""
        kept = self.kept(operation, number)
        return {key: value for key, value in kept.items() if key != self._view.resource.key.json}

    def query_value(self, parameter: ParameterView) -> Any:
        """A value for a query parameter."""
        operation = self._view.resource.operations["list"]
        return next(
            example(each.name, each.schema) for each in operation.query if each.name == parameter.json
        )

    def filter_values(self, parameter: ParameterView) -> tuple[Any, int]:
        """A value to filter by, and how many rows it gives."""
        value = self.row()[parameter.column]
        wanted = self.query_value(parameter)
        return (wanted, 1 if str(wanted) == str(value) else 0)

    def wrong(self, operation: Operation) -> list[tuple[str, Any]]:
        """Property and a value that must be refused."""
        request = operation.request or {}
        return [
            (key, value)
            for key, part in request.get("properties", {}).items()
            for value, _ in wrong_examples(part)
            if not (key == self._view.resource.key.json and operation.verb != "create")
        ]


def filled(path: str, values: list[Any]) -> str:
    """A path template with its parameters filled in, in order."""
    parts = path.split("{")
    return parts[0] + "".join(
        quote(str(value), safe="") + part.partition("}")[2]
        for value, part in zip(values, parts[1:], strict=True)
    )
