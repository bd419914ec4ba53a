"""What the templates of a service are told of an operation and of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from team.generators.api.annotations import LARGEST, Annotations
from team.specs.expand import Schema, kind
from team.specs.service import Operation, Parameter

_STATUSES = frozenset(status.value for status in HTTPStatus)


@dataclass(frozen=True)
class ParameterView:
    """A path or query parameter of a function."""

    name: str
    json: str
    annotation: str
    default: str | None = None
    role: str = ""
    column: str = ""


class OperationView:
    """One operation: a function of the drafted service."""

    def __init__(self, operation: Operation, function: str) -> None:
        self.operation = operation
        self.function = function
        self.method = operation.method.lower()
        self.path = operation.path
        self.status = operation.status
        self.label = operation.label
        self.summary = (
            " ".join(operation.summary.split()).replace('"', "'").replace("\\", "/")[:90].strip(". ")
        )
        self.request: str = ""
        self.response: str = ""

    def documented(self, known: list[int]) -> dict[int, str]:
        """Further statuses of errors that the spec documents, with what they are called."""
        return {
            status: HTTPStatus(status).phrase
            for status in sorted(set(self.operation.errors) - set(known))
            if status in _STATUSES
        }

    @property
    def documentation(self) -> str:
        """The first line of its docstring."""
        usual = f"{self.label}."
        return f"{self.summary[:1].upper()}{self.summary[1:]}." if self.summary else usual


def paging(parameter: Parameter, name: str, role: str) -> ParameterView:
    """What a page of a list is asked for with, within bounds."""
    schema = parameter.schema
    least = int(schema.get("minimum", 1 if role != "offset" else 0))
    most = int(schema.get("maximum", 1000 if role == "limit" else 2**31))
    usual = int(schema.get("default", {"limit": min(50, most), "offset": 0, "page": max(1, least)}[role]))
    default = None if parameter.required else str(max(least, min(usual, most)))
    annotation = f"Annotated[int, Query(ge={least}, le={most}{{alias}})]"
    return ParameterView(name, parameter.name, annotation, default, role)


def converted(name: str, given: str, annotation: str, wanted: str) -> str:
    """A path parameter as the column holds it, as source."""
    if given == "string" and wanted == "int":
        return f"row_number({name})"
    if given == "string" and wanted == "UUID" and annotation != "UUID":
        return f"row_uuid({name})"
    if wanted == "str" and (given == "integer" or annotation == "UUID"):
        return f"str({name})"
    return name


def query_annotation(schema: Schema, annotations: Annotations, name: str) -> str:
    """The annotation of a parameter: what arrives is text, so no number is strict."""
    if "enum" in schema and kind(schema) == "string":
        return annotations.annotation({**schema, "type": "string"}, name)
    match kind(schema):
        case "integer":
            low = schema.get("minimum", -LARGEST)
            high = schema.get("maximum", LARGEST)
            return f"Annotated[int, Field(ge={low}, le={high})]"
        case "number":
            return "Annotated[float, Field(allow_inf_nan=False)]"
        case "boolean":
            return "bool"
        case "array":
            return f"list[{query_annotation(schema.get('items') or {}, annotations, name)}]"
        case "string":
            return annotations.annotation({**schema, "type": "string"}, name)
    return "str"
