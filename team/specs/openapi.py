"""OpenAPI 3.0 and 3.1 documents as specs: checked, and read as operations. Nothing is ever fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, field_validator

from team.specs.base import Kind, Spec, problem
from team.specs.expand import Schema, expand
from team.specs.grouping import service_from
from team.specs.references import METHODS, Unresolvable, resolve
from team.specs.service import Operation, Parameter, Service
from team.specs.words import MIGRATIONS


class OpenApiSpec(Spec):
    """A service described by an OpenAPI document."""

    kind: ClassVar[Kind] = "crud"

    document: dict[str, Any] = Field(description="OpenAPI 3.0 or 3.1")

    @field_validator("document")
    @classmethod
    def _is_openapi(cls, document: dict[str, Any]) -> dict[str, Any]:
        version = str(document.get("openapi", ""))
        if not version.startswith(("3.0", "3.1")):
            text = f"OpenAPI {version or '2'} is not read; OpenAPI 3.0 and 3.1 are"
            raise problem(text, "convert it, for example with an editor for OpenAPI", at=("openapi",))
        if not document.get("paths"):
            raise problem("the document has no paths", "say in it what is served", at=("paths",))
        for at, reference in _references(document, ()):
            try:
                resolve(document, {"$ref": reference})
            except Unresolvable as error:
                raise problem(str(error), "put what it names under components", at=at) from error
        _validate(document)
        return document

    @cached_property
    def service(self) -> Service:
        """Resources, and operations that are left open."""
        return service_from(self.document["info"]["title"], list(operations(self.document)))

    @property
    def title(self) -> str:
        """The document's title."""
        return str(self.document["info"]["title"])

    def requirements_text(self) -> str:
        """The document itself, and what is expected of the service."""
        text = json.dumps(self.document, indent=1, ensure_ascii=False, sort_keys=False)
        return (
            "A FastAPI service with SQLAlchemy 2 (async) and Pydantic v2 that serves this OpenAPI document: "
            "paths, names and statuses are kept as they are. Package `app/` (`models.py`, `schemas.py`, "
            "`repository.py`, `routers/`, `database.py`, `main.py` with `app`), tests in `tests/`, "
            f"{MIGRATIONS}. `DATABASE_URL` picks the database, by default an SQLite file.\n\n"
            f"```json\n{text}\n```\n"
        )

    def prose_rules(self) -> tuple[str, ...]:
        """What no template can do: operations that are more than rows, unknown values, authentication."""
        return self.service.open_rules + tuple(_security(self.document))


def _references(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """All references of a document, with their places; examples may hold anything."""
    if isinstance(value, Mapping):
        reference = value.get("$ref")
        if isinstance(reference, str) and (not at or at[-1] != "properties"):
            yield (*at, "$ref"), reference
        for key, part in value.items():
            if key not in ("example", "examples", "default", "enum", "const"):
                yield from _references(part, (*at, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _references(part, (*at, number))


def _validate(document: dict[str, Any]) -> None:
    """Raise what is wrong with the document, with its place."""
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
    from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

    new = str(document["openapi"]).startswith("3.1")
    validator: Any = (OpenAPIV31SpecValidator if new else OpenAPIV30SpecValidator)(document)
    try:
        error = next(iter(validator.iter_errors()), None)
    except (
        OpenAPIValidationError,
        RecursionError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as broken:
        raise problem(f"the document cannot be read as OpenAPI: {str(broken).splitlines()[0]}") from broken
    if error is not None:
        while getattr(error, "context", None):
            error = min(error.context, key=lambda inner: -len(inner.absolute_path))
        words = " ".join(str(error.message).split())
        place = tuple(getattr(error, "absolute_path", ()) or ())
        where = f" at {'.'.join(map(str, place))}" if place else ""
        raise problem(f"this is no valid OpenAPI{where}: {words[:200]}", at=place)


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation of a document, in its order, none of them understood yet."""
    for path, item in document["paths"].items():
        whole = resolve(document, item)
        for method, operation in whole.items():
            if method in METHODS and method not in ("options", "head", "trace"):
                parameters = [*(whole.get("parameters") or ()), *(operation.get("parameters") or ())]
                yield _operation(document, str(path), method.upper(), operation, parameters)


def _operation(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], parameters: list[Any]
) -> Operation:
    status, answer = _success(operation.get("responses") or {})
    known = [resolve(document, parameter) for parameter in parameters]
    by_name = {(each["name"], each["in"]): each for each in known}

    def named(place: str) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(
                name=str(each["name"]),
                schema=_parameter_schema(document, each),
                required=bool(each.get("required")),
                about=str(each.get("description") or ""),
            )
            for (_, where), each in by_name.items()
            if where == place
        )

    return Operation(
        verb=None,
        method=method,
        path=path,
        status=status,
        request=_content(document, operation.get("requestBody")),
        response=_content(document, answer),
        errors=tuple(_errors(operation.get("responses") or {})),
        query=named("query"),
        path_parameters=named("path"),
        summary=str(operation.get("summary") or operation.get("description") or ""),
        name=str(operation.get("operationId") or ""),
        tag=str(next(iter(operation.get("tags") or ()), "")),
        failure=_failure(document, operation.get("responses") or {}),
    )


def _success(responses: Mapping[str, Any]) -> tuple[int, Any]:
    """The first success that is documented, and its answer."""
    for status, answer in responses.items():
        if str(status).upper().startswith("2"):
            return (int(status) if str(status).isdigit() else 200), answer
    return 200, responses.get("default") if list(responses) == ["default"] else None


def _errors(responses: Mapping[str, Any]) -> Iterator[int]:
    for status in responses:
        if str(status).isdigit() and int(status) >= 400:
            yield int(status)


def _failure(document: Mapping[str, Any], responses: Mapping[str, Any]) -> Schema | None:
    """The schema of the answers to what goes wrong, where the document has one."""
    for status in ("404", "default", "4XX", "400", "422", "409"):
        for key, answer in responses.items():
            if str(key).upper() == status:
                schema = _content(document, answer)
                if schema and schema.get("properties"):
                    return schema
    return None


def _parameter_schema(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Schema:
    if "schema" in parameter:
        return expand(document, parameter["schema"])
    content: Mapping[str, Any] = next(iter((parameter.get("content") or {}).values()), {})
    return expand(document, content.get("schema", {}))


def _content(document: Mapping[str, Any], holder: Any) -> Schema | None:
    """The JSON schema of a body; None where there is none."""
    whole = resolve(document, holder)
    for media, part in ((whole or {}).get("content") or {}).items():
        if "json" in media or media == "*/*":
            return expand(document, part.get("schema", {}))
    return None


def _security(document: Mapping[str, Any]) -> Iterator[str]:
    used: dict[str, None] = {}
    everywhere = document.get("security") or ()
    for item in document["paths"].values():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, Mapping) else None
            if isinstance(operation, Mapping):
                for choice in operation.get("security", everywhere) or ():
                    used.update(dict.fromkeys(choice))
    if used:
        yield f"authentication by {', '.join(used)}: nobody is refused yet"
