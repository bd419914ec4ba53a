"""Operations become resources: which paths hold rows, what tells rows apart, and what is more than that."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from team.specs.columns import columns_of, key_property, normal
from team.specs.expand import Schema, allows_null, kind, nullable
from team.specs.made_names import free_name, singular
from team.specs.names import plural, words
from team.specs.service import (
    Key,
    Operation,
    Parameter,
    Resource,
    Rows,
    Service,
    Verb,
    parameters_of,
    shape_of,
)

ITEM_VERBS: Mapping[str, Verb] = {"GET": "read", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
PAGING = {
    "limit": frozenset({"limit", "pagesize", "perpage", "size", "take", "maxresults", "count"}),
    "offset": frozenset({"offset", "skip", "start"}),
    "page": frozenset({"page", "pagenumber"}),
}
"""Query parameters that choose a part of a list, without case and separators."""
_TOTALS = frozenset({"total", "count", "totalcount", "limit", "offset"})


@dataclass
class _Group:
    """The operations of one collection, and of its rows."""

    path: str
    verbs: dict[Verb, Operation] = field(default_factory=dict)


def service_from(title: str, operations: Sequence[Operation]) -> Service:
    """Understand operations as far as they read and write rows."""
    collections = _collections(operations)
    groups: dict[str, _Group] = {}
    left: list[Operation] = []
    for operation in operations:
        verb, path = _place(operation, collections)
        group = groups.setdefault(shape_of(path), _Group(path)) if verb else None
        if verb is None or group is None or verb in group.verbs:
            left.append(operation)
        else:
            group.verbs[verb] = replace(operation, verb=verb)
    resources: list[Resource] = []
    unknown: list[str] = []
    for group in groups.values():
        left += _not_about_rows(group)
        if group.verbs:
            resources.append(_resource(group, [each.entity.name for each in resources]))
            unknown += _unknown(resources[-1])
    order = {operation.label: number for number, operation in enumerate(operations)}
    left.sort(key=lambda operation: order[operation.label])
    return Service(title, tuple(resources), tuple(left), tuple(unknown))


def _collections(operations: Iterable[Operation]) -> frozenset[str]:
    """The shapes of the paths that hold many rows."""
    listed = {shape_of(each.path) for each in operations if each.method == "GET" and rows_schema(each)}
    items = {shape_of(_base(each.path)) for each in operations if _ends_with_parameter(each.path)} - {"/"}
    posted = {
        shape_of(each.path)
        for each in operations
        if each.method == "POST" and not _ends_with_parameter(each.path) and _is_plural(_noun(each.path))
    }
    return frozenset(listed | items | posted)


def _place(operation: Operation, collections: frozenset[str]) -> tuple[Verb | None, str]:
    """What an operation does with rows, and in which collection."""
    shape = shape_of(operation.path)
    if shape in collections:
        if operation.method == "GET" and rows_schema(operation):
            return "list", operation.path
        if operation.method == "POST" and _is_object(operation.request):
            return "create", operation.path
    if _ends_with_parameter(operation.path) and operation.method in ITEM_VERBS:
        verb = ITEM_VERBS[operation.method]
        body = verb in ("replace", "update")
        if (_is_object(operation.request) if body else operation.request is None) and (
            _is_object(operation.response)
            or (operation.response is None and verb != "read")
            or verb == "delete"
        ):
            return verb, _base(operation.path)
    return None, operation.path


def rows_schema(operation: Operation) -> Schema | None:
    """The schema of one row of a list: a plain one, or the only one within a page."""
    response = operation.response or {}
    if kind(response) == "array":
        items: Schema = response.get("items") or {}
        return items if _is_object(items) else None
    lists = {name: part for name, part in response.get("properties", {}).items() if kind(part) == "array"}
    rest = {normal(name) for name in response.get("properties", {}) if name not in lists}
    if len(lists) == 1 and rest <= _TOTALS:
        return rows_schema(replace(operation, response=next(iter(lists.values()))))
    return None


def _is_object(schema: Schema | None) -> bool:
    return schema is not None and bool(schema.get("properties"))


def _not_about_rows(group: _Group) -> Iterator[Operation]:
    """Take out the operations whose answers are about something else."""
    for verb, operation in list(group.verbs.items()):
        answered = set((operation.response or {}).get("properties", ()))
        if verb in ("list", "read") or not answered:
            continue
        others = {name for other, each in group.verbs.items() if other != verb for name in _row_of(each)}
        about = others | set((operation.request or {}).get("properties", ())) | {"id"}
        if not answered & (about | set(parameters_of(operation.path))):
            del group.verbs[verb]
            yield replace(operation, verb=None)


def _row_of(operation: Operation) -> list[str]:
    """The properties of rows in an operation's answer and request."""
    answer = rows_schema(operation) if operation.verb == "list" else operation.response
    shown = list((answer or {}).get("properties", ())) if operation.verb != "delete" else []
    return [*shown, *(operation.request or {}).get("properties", ())]


def _resource(group: _Group, taken: Sequence[str]) -> Resource:
    item = next((each for verb, each in group.verbs.items() if verb not in ("list", "create")), None)
    parents = parameters_of(group.path)
    described = {each.name: each for operation in group.verbs.values() for each in operation.path_parameters}
    name = _name(group, taken)
    parameter = parameters_of(item.path)[-1] if item else "id"
    schema = described[parameter].schema if parameter in described else {}
    rows = _rows(group)
    json = key_property(parameter, rows, name)
    key_schema = (
        rows.get(json) or schema or {"type": "integer" if normal(parameter).endswith("id") else "string"}
    )
    given = json in (
        (group.verbs["create"].request or {}).get("properties", {}) if "create" in group.verbs else {}
    )
    key = Key(
        parameter=parameter,
        json=json,
        type="uuid"
        if key_schema.get("format") == "uuid"
        else "integer"
        if kind(key_schema) == "integer"
        else "string",
        given=given and not key_schema.get("readOnly"),
        schema=schema or key_schema,
    )
    above = tuple(described.get(each) or Parameter(each, {}) for each in parents)
    columns = columns_of(group.verbs, key, key_schema, above, rows)
    missing = {column.json for column in columns if column.nullable}
    return Resource(
        entity=Rows(name, columns),
        path=group.path,
        operations={verb: _with_nulls(operation, missing) for verb, operation in group.verbs.items()},
        key=key,
        parents=above,
        names={column.name: column.json for column in columns},
    )


def _with_nulls(operation: Operation, missing: Collection[str]) -> Operation:
    """An operation whose answer may hold null where nothing demands a value."""
    response = operation.response
    return operation if response is None else replace(operation, response=_nulls(response, missing))


def _nulls(schema: Schema, missing: Collection[str]) -> Schema:
    if kind(schema) == "array":
        return {**schema, "items": _nulls(schema.get("items") or {}, missing)}
    properties: dict[str, Schema] = schema.get("properties", {})
    if any(
        kind(part) == "array" and (part.get("items") or {}).get("properties") for part in properties.values()
    ):
        return {**schema, "properties": {name: _nulls(part, missing) for name, part in properties.items()}}
    required = schema.get("required", ())
    made = {
        name: nullable(part) if name in missing and name in required and not allows_null(part) else part
        for name, part in properties.items()
    }
    return {**schema, "properties": made} if properties else schema


def _rows(group: _Group) -> dict[str, Schema]:
    """Every property of a row, as the answers describe it, else the requests."""
    rows: dict[str, Schema] = {}
    for verb in ("read", "list", "create", "replace", "update"):
        operation = group.verbs.get(verb)
        if operation is not None:
            answer = rows_schema(operation) if verb == "list" else operation.response
            rows = {**(answer or {}).get("properties", {}), **rows}
    for operation in group.verbs.values():
        rows = {**(operation.request or {}).get("properties", {}), **rows}
    return rows


def _name(group: _Group, taken: Sequence[str]) -> str:
    """The entity's name: of its component, else of the path."""
    known = (rows_schema(each) if verb == "list" else each.response for verb, each in group.verbs.items())
    names = [str(schema["x-name"]) for schema in known if schema and "x-name" in schema]
    from_path = singular(_noun(group.path))
    parents = [singular(part) for part in group.path.split("/") if part and not part.startswith("{")][:-1]
    ways = [*names[:1], from_path, f"{parents[-1] if parents else 'more'} {from_path}"]
    return free_name(ways, taken)


def _unknown(resource: Resource) -> Iterator[str]:
    """What no template can know of a resource."""
    assert isinstance(resource.entity, Rows)
    for column in resource.entity.columns:
        if not column.known:
            yield f"{resource.entity.name}.{column.json}: nothing says where its value comes from"
    columns = {normal(column.json) for column in resource.entity.columns}
    for verb, operation in resource.operations.items():
        for query in operation.query:
            name = normal(query.name)
            paging = any(name in names for names in PAGING.values())
            if verb != "list" or not (paging or name in columns):
                yield f"{operation.label}: nothing says what the query parameter `{query.name}` does"


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] or "/"


def _ends_with_parameter(path: str) -> bool:
    return bool(re.fullmatch(r"\{[^{}]*\}", path.rstrip("/").rpartition("/")[2]))


def _noun(path: str) -> str:
    """The last part of a path that is no parameter."""
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    return parts[-1] if parts else "root"


def _is_plural(noun: str) -> bool:
    last = (words(noun) or [""])[-1]
    return plural(singular(last)) == last and singular(last) != last
