"""What a spec of an API or of entities promises over HTTP: resources, operations, and what is left open.

Generators draft from it and the contract gate judges by it, so both mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from team.specs.entity import CrudSpec, EntitySpec
from team.specs.fields import FieldSpec
from team.specs.links import Link, links_of
from team.specs.names import phrase
from team.specs.names import plural as plural_of

Verb = Literal["create", "list", "read", "replace", "update", "delete"]
Schema = dict[str, Any]
"""A JSON Schema without references."""

_PARAMETER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Parameter:
    """A path or query parameter."""

    name: str
    schema: Schema
    required: bool = True
    about: str = ""


_SLICE = (Parameter("limit", {"type": "integer"}, False), Parameter("offset", {"type": "integer"}, False))


@dataclass(frozen=True)
class Operation:
    """One operation; `verb` is None where it is more than reading and writing rows."""

    verb: Verb | None
    method: str
    path: str
    status: int
    """Of the answer when all is well."""
    request: Schema | None = None
    response: Schema | None = None
    """None: nothing is said of the answer's body."""
    errors: tuple[int, ...] = ()
    """The statuses of errors that are promised to be documented."""
    query: tuple[Parameter, ...] = ()
    path_parameters: tuple[Parameter, ...] = ()
    summary: str = ""
    name: str = ""
    """What its author calls it."""
    tag: str = ""
    failure: Schema | None = None
    """Of the answers to what goes wrong, where the spec has one."""

    @property
    def label(self) -> str:
        """``PUT /users/{user_id}``."""
        return f"{self.method} {self.path}"

    @property
    def lists(self) -> bool:
        """Whether the answer is a plain list."""
        return self.response is not None and self.response.get("type") == "array"


@dataclass(frozen=True)
class Key:
    """What tells the rows of a resource apart: a path parameter, and the field of the same value."""

    parameter: str
    json: str
    type: Literal["integer", "string", "uuid"] = "integer"
    given: bool = False
    """Whether clients choose it when they create a row."""
    schema: Schema = field(default_factory=lambda: {"type": "integer"})
    """Of the path parameter."""


Role = Literal["value", "key", "parent", "created", "updated"]


@dataclass(frozen=True)
class Column:
    """One value of a row, as an endpoint or an OpenAPI document describes it."""

    name: str
    """In Python."""
    json: str
    schema: Schema
    role: Role = "value"
    nullable: bool = True
    known: bool = True
    """Whether something says where its value comes from."""


@dataclass(frozen=True)
class Rows:
    """An entity that is known by its operations alone."""

    name: str
    columns: tuple[Column, ...] = ()
    fields: tuple[FieldSpec, ...] = ()

    @property
    def plural(self) -> str:
        """The name of many, in words."""
        return plural_of(phrase(self.name))


@dataclass(frozen=True)
class Resource:
    """Rows of one entity under one path."""

    entity: EntitySpec | Rows
    path: str
    """Of the collection."""
    operations: Mapping[Verb, Operation]
    key: Key
    parents: tuple[Parameter, ...] = ()
    """Path parameters before the key: rows belong to what they name."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Field → its name in JSON, where that is another one."""

    def json_name(self, name: str) -> str:
        """The JSON name of a field."""
        return self.names.get(name, name)

    @property
    def item_path(self) -> str:
        """The path of one row."""
        return f"{self.path}/{{{self.key.parameter}}}"


@dataclass(frozen=True)
class Linked:
    """The rows of one resource that belong to a row of another, and whatever else they belong to."""

    owner: str
    target: str
    """Names of entities."""
    listing: Operation
    add: Operation
    remove: Operation

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All three."""
        return self.listing, self.add, self.remove


@dataclass(frozen=True)
class Service:
    """All that is promised."""

    title: str
    resources: tuple[Resource, ...]
    open: tuple[Operation, ...] = ()
    """Operations that no template knows."""
    unknown: tuple[str, ...] = ()
    """What else no template knows, in words: where a value comes from, what a parameter does."""
    links: tuple[Linked, ...] = ()
    """Many-to-many relationships, each seen from one side."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, those of the resources first."""
        known = tuple(each for resource in self.resources for each in resource.operations.values())
        linking = tuple(each for link in self.links for each in link.operations)
        return (*known, *linking, *self.open)

    @property
    def open_rules(self) -> tuple[str, ...]:
        """What is left to somebody who can read, in words."""
        actions = (
            f"{each.label}: {each.summary or 'it is more than reading and writing rows'}"
            for each in self.open
        )
        return (*actions, *self.unknown)


def parameters_of(path: str) -> list[str]:
    """The names of a path's parameters, in order."""
    return _PARAMETER.findall(path)


def shape_of(path: str) -> str:
    """A path without the names of its parameters, for comparing."""
    return _PARAMETER.sub("{}", path).rstrip("/") or "/"


def service_of(spec: CrudSpec) -> Service:
    """What a service for entities promises: the same six operations for each."""
    links = tuple(_linked(link) for link in links_of(spec.entities))
    return Service(spec.title, tuple(_resource(entity, spec) for entity in spec.entities), links=links)


def _linked(link: Link) -> Linked:
    path = f"{link.owner.path}/{{id}}{link.path}"
    one = f"{path}/{{{link.far}}}"
    return Linked(
        owner=link.owner.name,
        target=link.target.name,
        listing=Operation("list", "GET", path, 200, None, None, (404, 422), _SLICE),
        add=Operation(None, "PUT", one, 204, None, None, (404, 422)),
        remove=Operation(None, "DELETE", one, 204, None, None, (404, 422)),
    )


def _resource(entity: EntitySpec, spec: CrudSpec) -> Resource:
    path, one = entity.path, f"{entity.path}/{{id}}"
    whole = object_schema(entity.fields)
    partial = {**whole, "required": []}
    stored = stored_schema(entity)
    referred = any(
        (field.references or "").lower().startswith(f"{entity.name.lower()}.")
        and field.on_delete in (None, "restrict")
        for other in spec.entities
        for field in other.fields
    )
    taken = (409,) if any(field.unique for field in entity.fields) else ()
    filters = tuple(
        Parameter(field.name, field_schema(field), False)
        for field in entity.fields
        if field.type not in ("text", "json") and field.name not in ("limit", "offset")
    )
    operations: dict[Verb, Operation] = {
        "create": Operation("create", "POST", path, 201, whole, stored, (*taken, 422)),
        "list": Operation("list", "GET", path, 200, None, None, (422,), (*_SLICE, *filters)),
        "read": Operation("read", "GET", one, 200, None, stored, (404,)),
        "update": Operation("update", "PATCH", one, 200, partial, stored, (404, *taken, 422)),
        "replace": Operation("replace", "PUT", one, 200, whole, stored, (404, *taken, 422)),
        "delete": Operation("delete", "DELETE", one, 204, None, None, (404, 409) if referred else (404,)),
    }
    return Resource(entity, path, operations, Key("id", "id"))


def object_schema(fields: tuple[FieldSpec, ...]) -> Schema:
    """What clients send of an entity."""
    return {
        "type": "object",
        "properties": {field.name: field_schema(field) for field in fields},
        "required": [field.name for field in fields if field.required and field.default is None],
    }


def stored_schema(entity: EntitySpec) -> Schema:
    """What clients receive of an entity."""
    moment = {"type": "string", "format": "date-time"}
    given = {"id": {"type": "integer"}, "created_at": moment, "updated_at": moment}
    properties = {field.name: field_schema(field) for field in entity.fields} | given
    return {"type": "object", "properties": properties, "required": list(properties)}


_TYPES: dict[str, Schema] = {
    "string": {"type": "string"}, "text": {"type": "string"}, "integer": {"type": "integer"},
    "email": {"type": "string", "format": "email"}, "number": {"type": "number"},
    "decimal": {"anyOf": [{"type": "string"}, {"type": "number"}]}, "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"}, "datetime": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"}, "json": {"type": ["object", "array"]},
}  # fmt: skip


def field_schema(field: FieldSpec) -> Schema:
    """A field as JSON Schema, as far as a contract needs it."""
    schema: Schema = {"enum": list(field.values)} if field.type == "enum" else _TYPES[field.type]
    return schema if field.required else {"anyOf": [schema, {"type": "null"}]}
