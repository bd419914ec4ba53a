"""What the templates of a service are told of a resource: every decision made, nothing left to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from team.generators.api.annotations import LARGEST, Annotations
from team.specs.columns import normal
from team.specs.examples import example, wrong_examples
from team.specs.expand import Schema, allows_null, kind
from team.specs.grouping import PAGING, rows_schema
from team.specs.made_names import attribute_name
from team.specs.names import article, phrase, snake
from team.specs.service import Column, Operation, Parameter, Resource, Rows

_SQL_TYPES = {
    ("integer", ""): ("int", "sa.BigInteger"), ("number", ""): ("float", "sa.Float"),
    ("boolean", ""): ("bool", "sa.Boolean"), ("string", ""): ("str", "sa.Text"),
    ("string", "date"): ("dt.date", "sa.Date"), ("string", "date-time"): ("dt.datetime", "UtcDateTime"),
    ("string", "uuid"): ("UUID", "sa.Uuid"),
}  # fmt: skip
_JSON = ("Any", "sa.JSON(none_as_null=True)")
_STATUSES = frozenset(status.value for status in HTTPStatus)
NO_ROW = {"integer": "2147483647", "string": "no-such-row", "uuid": "00000000-0000-4000-8000-00000000dead"}


@dataclass(frozen=True)
class ColumnView:
    """One column of a table."""

    column: Column
    resource: ResourceView

    @property
    def name(self) -> str:
        """The attribute."""
        return self.column.name

    @property
    def types(self) -> tuple[str, str]:
        """The annotation and the type of the column."""
        schema = self.column.schema
        if "enum" in schema and kind(schema) not in ("string", "integer"):
            return _JSON
        form = str(schema.get("format", "")) if "pattern" not in schema and "enum" not in schema else ""
        return _SQL_TYPES.get((kind(schema), form)) or _SQL_TYPES.get((kind(schema), ""), _JSON)

    @property
    def is_json(self) -> bool:
        """Whether it holds JSON."""
        return self.types == _JSON

    @property
    def annotation(self) -> str:
        """What stands in ``Mapped[…]``."""
        return f"{self.types[0]} | None" if self.column.nullable else self.types[0]

    @property
    def arguments(self) -> str:
        """The arguments of ``mapped_column``."""
        if self.is_primary:
            return "primary_key=True"
        parts = [self.types[1]]
        parent = self.resource.parent
        if self.column.role == "parent" and parent is not None and parent.owns(self.column):
            parts.append(f'sa.ForeignKey("{parent.table}.{parent.key.name}", ondelete="CASCADE")')
        if self.column.role == "key" and self.resource.makes_keys:
            parts.append("default=uuid4" if self.types[0] == "UUID" else "default=lambda: str(uuid4())")
        if self.column.role in ("created", "updated"):
            parts.append("default=utc_now")
        if self.column.role == "updated":
            parts.append("onupdate=utc_now")
        if not self.column.known:
            parts.append(f"default={self.filler}")
        if self.column.role == "parent":
            parts.append("index=True")
        return ", ".join(parts)

    @property
    def is_primary(self) -> bool:
        """Whether it is the primary key."""
        return self.column.role == "key" and self.resource.counts_keys

    @property
    def filler(self) -> str:
        """A value where nothing says where it comes from, as source."""
        if self.column.nullable:
            return "None"
        value = example(self.column.json, self.column.schema)
        return f"lambda: {value!r}" if self.is_json else self.source(value)

    def source(self, value: Any) -> str:
        """A JSON value as what the column holds, as source."""
        if value is None or self.is_json:
            return repr(value)
        match self.types[0]:
            case "dt.date":
                return f'dt.date.fromisoformat("{value}")'
            case "dt.datetime":
                return f'dt.datetime.fromisoformat("{str(value).replace("Z", "+00:00")}")'
            case "UUID":
                return f'UUID("{value}")'
        return repr(value)


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
    """One operation of a resource."""

    def __init__(self, operation: Operation, resource: ResourceView | None, function: str) -> None:
        self.operation = operation
        self.resource = resource
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


class ResourceView:
    """One resource in the words of the templates."""

    def __init__(
        self, resource: Resource, others: Mapping[str, ResourceView], annotations: Annotations
    ) -> None:
        assert isinstance(resource.entity, Rows)
        self.resource = resource
        self.rows = resource.entity
        self.name = resource.entity.name
        self.snake = snake(self.name)
        self.phrase = phrase(self.name)
        self.one = article(self.phrase)
        self.many = resource.entity.plural
        self.plural_snake = snake(self.many)
        self.table = self.plural_snake
        self.path = resource.path
        self.parent = self._parent(others)
        self.columns = [ColumnView(column, self) for column in self.rows.columns]
        self.key = next(each for each in self.columns if each.column.role == "key")
        self.parents = [each for each in self.columns if each.column.role == "parent"]
        self.names = {column.json: column.name for column in self.rows.columns}
        self.operations = {
            verb: self._operation(each, annotations) for verb, each in resource.operations.items()
        }

    def _parent(self, others: Mapping[str, ResourceView]) -> ResourceView | None:
        """The resource that the rows belong to, where it is one of the service's own."""
        if len(self.resource.parents) != 1 or "/" not in self.path:
            return None
        above = self.path.rstrip("/").rpartition("/")[0]
        return next((each for each in others.values() if each.resource.item_path == above), None)

    def owns(self, column: Column) -> bool:
        """Whether a column of another resource holds this one's key, of the same type."""
        return not self.parents and kind(column.schema) == kind(self.key.column.schema)

    @property
    def owner(self) -> ResourceView | None:
        """The parent whose row must be there."""
        parent = self.parent
        return parent if parent is not None and self.parents and parent.owns(self.parents[0].column) else None

    @property
    def counts_keys(self) -> bool:
        """Whether the database numbers the rows."""
        return self.key.types[0] == "int" and not self.resource.key.given and not self.parents_in_key

    @property
    def parents_in_key(self) -> bool:
        """Whether keys are told apart within what the rows belong to only."""
        return False

    @property
    def makes_keys(self) -> bool:
        """Whether a key is made up when a row is stored."""
        text = self.key.types[0] in ("UUID", "str")
        return text and "create" in self.resource.operations

    @property
    def unique(self) -> list[str]:
        """The columns that tell rows apart, where they are not the primary key."""
        return [] if self.key.is_primary else [*(each.name for each in self.parents), self.key.name]

    @property
    def may_conflict(self) -> bool:
        """Whether storing a row can be refused because of another."""
        return self.resource.key.given or self.owner is not None

    @property
    def cleared(self) -> list[str]:
        """The columns that a replacement empties when they are left out."""
        replace = self.resource.operations.get("replace")
        request = (replace.request if replace else None) or {}
        if not request.get("required"):
            return []
        left_out = [key for key in request["properties"] if key not in request["required"]]
        nullable = {each.column.json: each.name for each in self.columns if each.column.nullable}
        return [nullable[key] for key in left_out if key in nullable]

    # --- schemas ---------------------------------------------------------------------------------------

    def parameters(self, annotations: Annotations, *, item: bool) -> list[ParameterView]:
        """The path parameters of the collection, or of one row."""
        found = [
            self._parameter(each, column, annotations)
            for each, column in zip(self.resource.parents, self._above, strict=True)
        ]
        if not item:
            return found
        key = Parameter(self.resource.key.parameter, self.resource.key.schema)
        return [*found, self._parameter(key, self.key, annotations)]

    def _parameter(self, parameter: Parameter, column: ColumnView, annotations: Annotations) -> ParameterView:
        name = attribute_name(parameter.name, {"repository", "session", "data", "response"})
        plain = query_annotation(parameter.schema, annotations, self.name + name)
        aliased = f'Annotated[{plain}, Path(alias="{parameter.name}")]'
        convert = _converted(name, kind(parameter.schema) or "string", plain, column.types[0])
        annotation = plain if name == parameter.name else aliased
        return ParameterView(name, parameter.name, annotation, None, convert, column.name)

    def _operation(self, operation: Operation, annotations: Annotations) -> OperationView:
        verb = operation.verb or ""
        plural = self.plural_snake if verb == "list" else self.snake
        view = OperationView(operation, self, f"{verb}_{plural}")
        suffix = {"create": "Create", "replace": "Replace", "update": "Update"}.get(verb, "Body")
        about = {"create": f"{self.one} to be stored", "replace": f"all values of {self.one}"}.get(verb)
        if operation.request is not None:
            about = about or f"changes to {self.one}: what is left out stays as it is"
            view.request = annotations.model(
                self.name + suffix,
                "Body",
                f"{about[:1].upper()}{about[1:]}.",
                operation.request,
                partial=verb == "update" or not operation.request.get("required"),
                names=self.names,
            )
        shown = rows_schema(operation) if verb == "list" else operation.response
        if shown and shown.get("properties") and operation.status != 204:
            view.response = annotations.model(
                f"{self.name}Read",
                "Shown",
                f"{self.one[:1].upper()}{self.one[1:]} as it is stored.",
                shown,
                names=self.names,
            )
        return view

    # --- the list --------------------------------------------------------------------------------------

    @cached_property
    def page(self) -> tuple[str, dict[str, str]] | None:
        """(the property with the rows, other properties → what they hold) where the list is a page."""
        operation = self.resource.operations.get("list")
        response = (operation.response if operation else None) or {}
        if kind(response) != "object":
            return None
        items = next(name for name, part in response["properties"].items() if kind(part) == "array")
        rest = {
            name: next((role for role in ("limit", "offset") if normal(name) == role), "total")
            for name in response["properties"]
            if name != items
        }
        return items, rest

    def query(self, annotations: Annotations) -> list[ParameterView]:
        """The query parameters of the list."""
        operation = self.resource.operations.get("list")
        return [self._query(each, annotations) for each in (operation.query if operation else ())]

    def _query(self, parameter: Parameter, annotations: Annotations) -> ParameterView:
        role = next((name for name, known in PAGING.items() if normal(parameter.name) in known), "")
        name = attribute_name(parameter.name, {"repository", "session"})
        if role and kind(parameter.schema) in ("integer", ""):
            return self._paging(parameter, name, role)
        columns = {normal(each.column.json): each for each in self.columns if not each.is_json}
        column = columns.get(normal(parameter.name))
        annotation = query_annotation(parameter.schema, annotations, self.name + name)
        default = None if parameter.required else "None"
        if default and not annotation.endswith("| None"):
            annotation += " | None"
        return ParameterView(
            name,
            parameter.name,
            annotation,
            default,
            "filter" if column else "",
            column.name if column else "",
        )

    def _paging(self, parameter: Parameter, name: str, role: str) -> ParameterView:
        schema = parameter.schema
        least = int(schema.get("minimum", 1 if role != "offset" else 0))
        most = int(schema.get("maximum", 1000 if role == "limit" else 2**31))
        usual = int(schema.get("default", {"limit": min(50, most), "offset": 0, "page": max(1, least)}[role]))
        default = None if parameter.required else str(max(least, min(usual, most)))
        annotation = f"Annotated[int, Query(ge={least}, le={most}{{alias}})]"
        return ParameterView(name, parameter.name, annotation, default, role)

    # --- examples --------------------------------------------------------------------------------------

    def row(self, number: int = 0) -> dict[str, Any]:
        """JSON values for every column that is set when a row is stored directly."""
        values = {}
        for each in self.columns:
            if each.column.role in ("created", "updated"):
                continue
            values[each.name] = example(each.column.json, each.column.schema, number)
        values[self.key.name] = self.example_key(number)
        for each in self.parents:
            owner = self.owner
            values[each.name] = (
                owner.example_key() if owner is not None else example(each.column.json, each.column.schema)
            )
        return values

    def example_key(self, number: int = 0) -> Any:
        """The key of the `number`-th example."""
        schema = self.key.column.schema
        return number + 1 if self.counts_keys else example(self.key.column.json, schema, number)

    @property
    def row_source(self) -> list[tuple[str, str]]:
        """The columns of the stored example, as source."""
        values = self.row()
        return [(each.name, each.source(values[each.name])) for each in self.columns if each.name in values]

    def shown_values(self, schema: Schema) -> dict[str, Any]:
        """What an answer shows of the stored example: JSON name → value."""
        values = self.row()
        return {
            each.column.json: values[each.name]
            for each in self.columns
            if each.name in values and each.column.json in schema.get("properties", {})
        }

    def collection_address(self) -> str:
        """The collection of the stored example."""
        values = self.row()
        return filled(self.path, [values[each.name] for each in self._above])

    @property
    def _above(self) -> list[ColumnView]:
        by_name = {normal(each.column.json): each for each in self.columns}
        return [by_name[normal(parameter.name)] for parameter in self.resource.parents]

    def item_address(self, key: Any = None) -> str:
        """The stored example, or a row beside it."""
        return f"{self.collection_address().rstrip('/')}/{self.example_key() if key is None else key}"

    def missing_address(self) -> str:
        """A row that is not there, in the form that the path takes."""
        schema = self.resource.key.schema
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
        above = {each.column.json for each in self.parents}
        return {
            key: value
            for key, value in self.body(sent, number).items()
            if key in known and key not in above and "writeOnly" not in known[key]
        }

    def changed(self, operation: Operation, number: int) -> dict[str, Any]:
        """What an answer shows of what was changed: the key stays."""
        kept = self.kept(operation, number)
        return {key: value for key, value in kept.items() if key != self.resource.key.json}

    def query_example(self, parameter: ParameterView) -> Any:
        """A value for a query parameter."""
        operation = self.resource.operations["list"]
        return next(
            example(each.name, each.schema) for each in operation.query if each.name == parameter.json
        )

    def filter_values(self, parameter: ParameterView) -> tuple[Any, int]:
        """A value to filter by, and how many rows it gives."""
        value = self.row()[parameter.column]
        wanted = self.query_example(parameter)
        return (wanted, 1 if str(wanted) == str(value) else 0)

    def wrong(self, operation: Operation) -> list[tuple[str, Any]]:
        """Property and a value that must be refused."""
        request = operation.request or {}
        return [
            (key, value)
            for key, part in request.get("properties", {}).items()
            for value, _ in wrong_examples(part)
            if not (key == self.resource.key.json and operation.verb != "create")
        ]


def _converted(name: str, given: str, annotation: str, wanted: str) -> str:
    """A path parameter as the column holds it, as source."""
    if given == "string" and wanted == "int":
        return f"row_number({name})"
    if given == "string" and wanted == "UUID" and annotation != "UUID":
        return f"row_uuid({name})"
    if wanted == "str" and (given == "integer" or annotation == "UUID"):
        return f"str({name})"
    return name


def filled(path: str, values: list[Any]) -> str:
    """A path template with its parameters filled in, in order."""
    from urllib.parse import quote

    parts = path.split("{")
    return parts[0] + "".join(
        quote(str(value), safe="") + part.partition("}")[2]
        for value, part in zip(values, parts[1:], strict=True)
    )


def path_annotation(schema: Schema, annotations: Annotations, name: str) -> str:
    """The annotation of a path parameter: what arrives is text, so no number is strict."""
    return query_annotation(schema, annotations, name)


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


__all__ = ["ColumnView", "OperationView", "ParameterView", "ResourceView", "allows_null", "filled"]
