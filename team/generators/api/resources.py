"""What the templates of a service are told of a resource: every decision made, nothing left to compute."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from team.generators.api.annotations import Annotations
from team.generators.api.columns import ColumnView
from team.generators.api.operations import OperationView, ParameterView, converted, paging, query_annotation
from team.specs.columns import normal
from team.specs.expand import kind
from team.specs.grouping import PAGING, rows_schema
from team.specs.made_names import attribute_name
from team.specs.names import article, phrase, snake
from team.specs.service import Column, Operation, Parameter, Resource, Rows


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
        return self.key.types[0] == "int" and not self.resource.key.given

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

    @property
    def above(self) -> list[ColumnView]:
        """The columns that the path of the collection names, in its order."""
        by_name = {normal(each.column.json): each for each in self.columns}
        return [by_name[normal(parameter.name)] for parameter in self.resource.parents]

    # --- schemas ---------------------------------------------------------------------------------------

    def parameters(self, annotations: Annotations, *, item: bool) -> list[ParameterView]:
        """The path parameters of the collection, or of one row."""
        found = [
            self._parameter(each, column, annotations)
            for each, column in zip(self.resource.parents, self.above, strict=True)
        ]
        if not item:
            return found
        key = Parameter(self.resource.key.parameter, self.resource.key.schema)
        return [*found, self._parameter(key, self.key, annotations)]

    def _parameter(self, parameter: Parameter, column: ColumnView, annotations: Annotations) -> ParameterView:
        name = attribute_name(parameter.name, {"repository", "session", "data", "response"})
        plain = query_annotation(parameter.schema, annotations, self.name + name)
        aliased = f'Annotated[{plain}, Path(alias="{parameter.name}")]'
        convert = converted(name, kind(parameter.schema) or "string", plain, column.types[0])
        annotation = plain if name == parameter.name else aliased
        return ParameterView(name, parameter.name, annotation, None, convert, column.name)

    def _operation(self, operation: Operation, annotations: Annotations) -> OperationView:
        verb = operation.verb or ""
        plural = self.plural_snake if verb == "list" else self.snake
        view = OperationView(operation, f"{verb}_{plural}")
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
            return paging(parameter, name, role)
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
