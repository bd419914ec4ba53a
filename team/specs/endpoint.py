"""`devteam api`: endpoints with request and response schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from team.specs.base import Kind, Spec, StrictModel
from team.specs.expand import expand
from team.specs.grouping import service_from
from team.specs.made_names import singular
from team.specs.references import Unresolvable
from team.specs.schema_words import body_schema, check_words, is_json_schema
from team.specs.service import Operation, Parameter, Service, parameters_of, shape_of

_PATH = re.compile(r"(/([\w.~-]+|\{[A-Za-z][A-Za-z0-9_]*\}))+/?|/")

Schema = dict[str, Any]


class EndpointSpec(StrictModel):
    """One operation. Its description documents; it is no rule."""

    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    description: str = ""
    request_schema: Schema = Field(default_factory=dict, description="field → schema words, or a JSON Schema")
    response_schema: Schema = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _is_path(cls, path: str) -> str:
        if not _PATH.fullmatch(path):
            raise ValueError(f"path {path!r} must look like /api/users/{{user_id}}")
        names = re.findall(r"\{(\w+)\}", path)
        if len(set(names)) < len(names):
            raise ValueError(f"path {path!r} has a parameter twice")
        return path

    @field_validator("method", mode="before")
    @classmethod
    def _upper(cls, method: Any) -> Any:
        return method.upper() if isinstance(method, str) else method

    @field_validator("request_schema", "response_schema")
    @classmethod
    def _schema_words(cls, schema: Schema) -> Schema:
        if not is_json_schema(schema):
            for name, words in schema.items():
                check_words(name, words)
        try:
            _expanded(schema)
        except Unresolvable as error:
            raise ValueError(str(error)) from error
        return schema


class ApiSpec(Spec):
    """A service with one or many endpoints."""

    kind: ClassVar[Kind] = "api"

    endpoints: tuple[EndpointSpec, ...] = Field(min_length=1, max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _one_endpoint(cls, value: Any) -> Any:
        if isinstance(value, dict) and "endpoints" not in value and ({"path", "method"} & value.keys()):
            endpoint = {key: part for key, part in value.items() if key != "packages"}
            return {
                "endpoints": [endpoint],
                **({"packages": value["packages"]} if "packages" in value else {}),
            }
        return {"endpoints": [value]} if isinstance(value, EndpointSpec) else value

    @field_validator("endpoints")
    @classmethod
    def _distinct(cls, endpoints: tuple[EndpointSpec, ...]) -> tuple[EndpointSpec, ...]:
        served = [(endpoint.method, re.sub(r"\{\w+\}", "{}", endpoint.path)) for endpoint in endpoints]
        if twice := sorted({operation for operation in served if served.count(operation) > 1}):
            raise ValueError(f"the endpoint {twice[0][0]} {twice[0][1]} is there twice")
        return endpoints

    @property
    def title(self) -> str:
        """The first endpoint, and how many more."""
        more = len(self.endpoints) - 1
        first = self.endpoints[0]
        return f"{first.method} {first.path}" + (f" and {more} more" if more else "")

    @cached_property
    def service(self) -> Service:
        """Resources, and endpoints that are left open."""
        kinds = _key_kinds(self.endpoints)
        return service_from(self.title, [_operation(endpoint, kinds) for endpoint in self.endpoints])

    def prose_rules(self) -> tuple[str, ...]:
        """Endpoints that are more than rows, and values that nothing is said of."""
        return self.service.open_rules

    def requirements_text(self) -> str:
        """The endpoints and their schemas, as Markdown."""
        return "A FastAPI service with these endpoints.\n" + "".join(map(_endpoint_text, self.endpoints))


_ID = re.compile(r"(.*_)?id|.*Id")


def _key_kinds(endpoints: Sequence[EndpointSpec]) -> dict[str, Schema]:
    """Path up to a parameter → the parameter's schema, as the answers about that row show it."""
    kinds: dict[str, Schema] = {}
    for endpoint in endpoints:
        names = parameters_of(endpoint.path)
        shown = (_expanded(endpoint.response_schema) or {}).get("properties", {})
        if names and endpoint.path.rstrip("/").endswith("}"):
            schema = shown.get(names[-1]) or (shown.get("id") if _ID.fullmatch(names[-1]) else None)
            if schema and schema.get("type") in ("integer", "string"):
                kinds.setdefault(shape_of(endpoint.path), schema)
    return kinds


def _path_parameters(path: str, kinds: Mapping[str, Schema]) -> Iterator[Parameter]:
    """The parameters of a path: an id is a number, unless an answer shows it as something else."""
    for found in re.finditer(r"\{(\w+)\}", path):
        usual = {"type": "integer"} if _ID.fullmatch(found[1]) else {"type": "string"}
        yield Parameter(found[1], kinds.get(shape_of(path[: found.end()]), usual))


def _operation(endpoint: EndpointSpec, kinds: Mapping[str, Schema]) -> Operation:
    request, response = (_expanded(schema) for schema in (endpoint.request_schema, endpoint.response_schema))
    parameters = tuple(_path_parameters(endpoint.path, kinds))
    query: tuple[Parameter, ...] = ()
    if endpoint.method in ("GET", "DELETE") and request:
        required = request.get("required", ())
        query = tuple(
            Parameter(name, schema, name in required) for name, schema in request["properties"].items()
        )
        request = None
    summary = " ".join(endpoint.description.split())
    operation = Operation(
        None, endpoint.method, endpoint.path, 200, request, response, (), query, parameters, summary
    )
    status = 204 if endpoint.method == "DELETE" and response is None else 200
    if endpoint.method == "POST" and not _is_action(endpoint):
        status = 201
    return replace(operation, status=status)


def _is_action(endpoint: EndpointSpec) -> bool:
    """Whether a POST goes to something that is no collection, such as /login."""
    last = endpoint.path.rstrip("/").rpartition("/")[2]
    return last.startswith("{") or singular(last) == last


def _expanded(fields: Schema) -> Schema | None:
    schema = body_schema(fields)
    return None if schema is None else expand(schema, schema)


def _endpoint_text(endpoint: EndpointSpec) -> str:
    text = f"\n## {endpoint.method} {endpoint.path}\n"
    if endpoint.description.strip():
        text += f"\n{endpoint.description.strip()}\n"
    for what, schema in (("Request", endpoint.request_schema), ("Response", endpoint.response_schema)):
        if schema:
            text += f"\n{what}:\n\n" + "".join(
                f"- `{name}`: {words if isinstance(words, str) else json.dumps(words)}\n"
                for name, words in schema.items()
            )
    return text
