"""`devteam api`: endpoints with request and response schemas."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from team.specs.base import Kind, Spec, StrictModel, suggestion

SCHEMA_WORDS = (
    "string", "integer", "number", "decimal", "boolean", "object", "array", "date", "datetime", "uuid",
    "email", "enum",
)  # fmt: skip

_PATH = re.compile(r"(/([\w.~-]+|\{[a-z][a-z0-9_]*\}))+/?|/")
_WORDS = re.compile(r"(array of )*([a-z]+)(\(([^()]+)\))?\s*(\(.*\))?", re.DOTALL)

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

    def requirements_text(self) -> str:
        """The endpoints and their schemas, as Markdown."""
        return "A FastAPI service with these endpoints.\n" + "".join(map(_endpoint_text, self.endpoints))


def is_json_schema(schema: Any) -> bool:
    """Whether an object is a JSON Schema rather than fields with schema words."""
    keywords = {"$ref", "properties", "allOf", "anyOf", "oneOf", "items"}
    return isinstance(schema, dict) and bool(
        keywords & schema.keys() or (schema.get("type") in ("object", "array") and len(schema) > 1)
    )


def check_words(name: str, words: Any) -> None:
    """Check the schema of one field.

    Raises:
        ValueError: it is neither schema words nor an object.
    """
    if isinstance(words, dict):
        return
    match = _WORDS.fullmatch(words.strip()) if isinstance(words, str) else None
    if not match:
        raise ValueError(f"{name}: {words!r} is no schema; {suggestion('', SCHEMA_WORDS)}")
    if match[2] not in SCHEMA_WORDS:
        raise ValueError(f"{name}: unknown schema word {match[2]!r}; {suggestion(match[2], SCHEMA_WORDS)}")


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
