"""Where a service's OpenAPI document breaks what was promised, one finding each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from team.gates.base import Finding
from team.gates.contract.http.shapes import ANY, Shape, shape_of_schema
from team.specs.entity import EntitySpec
from team.specs.references import Unresolvable, resolve
from team.specs.service import Operation, Resource, Schema, Service, shape_of, stored_schema

Document = Mapping[str, Any]
DEEPEST = 4


def differences(service: Service, document: Document) -> Iterator[Finding]:
    """Everything that the document leaves out or says otherwise; what it has besides is its own affair."""
    found = operations_of(document)
    for resource in service.resources:
        for operation in resource.operations.values():
            yield from _operation(operation, found, document, resource)
    by_name = {resource.entity.name: resource for resource in service.resources}
    for link in service.links:
        for operation in link.operations:
            yield from _operation(operation, found, document, by_name[link.target])
    for operation in service.open:
        yield from _operation(operation, found, document, None)


def operations_of(document: Document) -> dict[tuple[str, str], Mapping[str, Any]]:
    """(method, path without parameter names) → the operation, with the parameters of its path."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        if not isinstance(item, Mapping):
            continue
        shared = item.get("parameters") or []
        for method, operation in item.items():
            if isinstance(operation, Mapping):
                own = operation.get("parameters") or []
                found[method.upper(), shape_of(path)] = {**operation, "parameters": [*shared, *own]}
    return found


def _operation(
    wanted: Operation,
    found: Mapping[tuple[str, str], Mapping[str, Any]],
    document: Document,
    resource: Resource | None,
) -> Iterator[Finding]:
    operation = found.get((wanted.method, shape_of(wanted.path)))
    if operation is None:
        yield breaking("missing-operation", wanted, "the service does not have it")
        return
    yield from _parameters(wanted, operation, document)
    yield from _statuses(wanted, operation)
    if wanted.request is not None:
        given = shape_of_schema(document, _body(document, operation.get("requestBody")))
        yield from _taken(wanted, document, shape_of_schema({}, wanted.request), given, "")
    answer = _body(document, _answer(operation, wanted.status))
    if wanted.response is not None:
        yield from _given(wanted, document, wanted.response, answer, "", 0)
    elif wanted.verb == "list" and resource is not None and isinstance(resource.entity, EntitySpec):
        yield from _given(wanted, document, stored_schema(resource.entity), _items(document, answer), "", 0)


def _parameters(wanted: Operation, operation: Mapping[str, Any], document: Document) -> Iterator[Finding]:
    known = {}
    for parameter in operation["parameters"]:
        try:
            real = resolve(document, parameter)
        except Unresolvable:
            continue
        if isinstance(real, Mapping):
            known[real.get("name")] = real
    for query in wanted.query:
        if query.name not in known:
            yield breaking("missing-parameter", wanted, f"there is no query parameter `{query.name}`")
    names = {query.name for query in wanted.query}
    for name, parameter in known.items():
        if parameter.get("in") == "query" and parameter.get("required") and name not in names:
            yield breaking(
                "new-parameter", wanted, f"it needs the query parameter `{name}`, which nobody knows of"
            )


def _statuses(wanted: Operation, operation: Mapping[str, Any]) -> Iterator[Finding]:
    documented = {str(status).upper() for status in operation.get("responses") or ()}
    for status in (wanted.status, *wanted.errors):
        if not documented & {str(status), f"{status // 100}XX"}:
            yield breaking("undocumented-status", wanted, f"the status {status} is not documented")


def _answer(operation: Mapping[str, Any], status: int) -> Any:
    responses = operation.get("responses") or {}
    return next((part for key, part in responses.items() if str(key) == str(status)), None)


def _body(document: Document, holder: Any) -> Any:
    """The JSON schema of a request body or an answer; None when there is none."""
    try:
        holder = resolve(document, holder)
    except Unresolvable:
        return None
    content = holder.get("content") if isinstance(holder, Mapping) else None
    for kind, part in (content or {}).items():
        if "json" in kind and isinstance(part, Mapping):
            return part.get("schema", {})
    return None


def _items(document: Document, answer: Any) -> Any:
    """The schema of one row of a list: a plain one, or one within a page."""
    shape = shape_of_schema(document, answer)
    if shape.items is not None:
        return shape.items
    lists = [shape_of_schema(document, part).items for part in shape.properties.values()]
    return next((items for items in lists if items is not None), None)


def _taken(
    wanted: Operation, document: Document, promised: Shape, given: Shape, at: str
) -> Iterator[Finding]:
    """What a client may send by the spec, and the service does not take."""
    if given.kinds == ANY and not given.properties:
        yield breaking("request-schema", wanted, f"the request body{at} has no schema")
        return
    if not _compatible(promised, given):
        yield breaking(
            "request-schema", wanted, f"the request body{at} is {given.told} instead of {promised.told}"
        )
        return
    for name in sorted(given.required - promised.required):
        yield breaking("request-schema", wanted, f"the request needs `{at}{name}`, which may be left out")
    for name in sorted((promised.required - given.required) & given.properties.keys()):
        yield breaking("request-schema", wanted, f"the request may leave out `{at}{name}`, which is needed")
    for name, schema in promised.properties.items():
        if name not in given.properties:
            yield breaking("request-schema", wanted, f"the request has no field `{at}{name}`")
            continue
        yield from _field(
            "request",
            wanted,
            shape_of_schema({}, schema),
            shape_of_schema(document, given.properties[name]),
            at + name,
        )


def _given(
    wanted: Operation, document: Document, promised: Schema, given: Any, at: str, depth: int
) -> Iterator[Finding]:
    """What a client may rely on by the spec, and the service does not promise."""
    mine = shape_of_schema({}, promised)
    if given is None:
        yield breaking("response-schema", wanted, f"the answer {wanted.status} has no JSON schema")
        return
    theirs = shape_of_schema(document, given)
    yield from _field("response", wanted, mine, theirs, at)
    if depth > DEEPEST or not _compatible(mine, theirs):
        return
    if mine.items is not None and "array" in mine.kinds:
        yield from _given(wanted, document, mine.items, theirs.items or {}, f"{at}[]", depth + 1)
    dot = f"{at}." if at else ""
    for name, schema in mine.properties.items():
        if name not in theirs.properties:
            if theirs.kinds != ANY or theirs.properties or mine.kinds == {"object"}:
                yield breaking("response-schema", wanted, f"the answer has no field `{dot}{name}`")
            continue
        yield from _given(wanted, document, schema, theirs.properties[name], f"{dot}{name}", depth + 1)


def _field(side: str, wanted: Operation, promised: Shape, given: Shape, at: str) -> Iterator[Finding]:
    rule, what = f"{side}-schema", f"the {side}'s `{at}`" if at else f"the {side}"
    if not _compatible(promised, given):
        yield breaking(rule, wanted, f"{what} is {given.told} instead of {promised.told}")
        return
    if side == "response" and given.nullable and not promised.nullable and given.kinds != ANY:
        yield breaking(rule, wanted, f"{what} may be null")
    if promised.constants is None:
        return
    allowed, known = set(map(str, promised.constants)), given.constants
    if known is None:
        yield breaking(rule, wanted, f"{what} does not name its values: {', '.join(sorted(allowed))}")
    elif lost := sorted(allowed - set(map(str, known))):
        yield breaking(rule, wanted, f"{what} does not know the value {lost[0]!r}")
    elif new := sorted(set(map(str, known)) - allowed - {"None"}):
        yield breaking(
            rule, wanted, f"{what} has the value {new[0]!r}, which is none of {', '.join(sorted(allowed))}"
        )


def _compatible(promised: Shape, given: Shape) -> bool:
    mine, theirs = promised.kinds - {"null"}, given.kinds - {"null"}
    return bool(mine & theirs) or not mine


def breaking(rule: str, operation: Operation, text: str) -> Finding:
    """A finding about one operation."""
    return Finding(rule=rule, message=f"{operation.label}: {text}")
