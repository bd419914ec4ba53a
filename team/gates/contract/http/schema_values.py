"""Values for rows that JSON Schemas describe: such as must be taken, and such as must be refused."""

from __future__ import annotations

from typing import Any

from team.gates.contract.http.values import JsonObject, Wrong
from team.specs.examples import example, wrong_examples
from team.specs.service import Resource, Schema


class SchemaValues:
    """Values for one resource of an endpoint spec or an OpenAPI document. Names are those of JSON."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        create = resource.operations.get("create") or resource.operations.get("replace")
        self._request: Schema = (create.request if create else None) or {}

    def body(self, number: int) -> JsonObject | None:
        """As the protocol says: every value differs from row to row, where its schema allows."""
        found = {name: example(name, schema, number) for name, schema in self._properties.items()}
        return found if self._request else None

    @property
    def _properties(self) -> dict[str, Schema]:
        properties: dict[str, Schema] = self._request.get("properties", {})
        return {name: schema for name, schema in properties.items() if not schema.get("readOnly")}

    def change(self) -> JsonObject | None:
        """As the protocol says."""
        update = self._resource.operations.get("update")
        for name, schema in ((update.request if update else None) or {}).get("properties", {}).items():
            value: Any = example(name, schema, 3)
            if name != self._resource.key.json and value != example(name, schema, 0):
                return {name: value}
        return None

    def wrong(self) -> list[Wrong]:
        """As the protocol says."""
        return [
            (name, value, why)
            for name, schema in self._properties.items()
            for value, why in wrong_examples(schema)
        ]

    def breaking(self) -> list[tuple[JsonObject, str]]:
        """There are no rules."""
        return []

    def keeping(self) -> list[tuple[JsonObject, str]]:
        """There are no rules."""
        return []
