"""A whole service from templates: plan, tests, code, review. Its layers are those of a CRUD module."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from team.generators.api.annotations import Annotations
from team.generators.api.examples import DraftResource, filled
from team.generators.api.operations import OperationView, ParameterView, query_annotation
from team.generators.api.tables import tables_of
from team.generators.before import Before
from team.generators.crud.entities import literal
from team.generators.migrations.following import following, neutral
from team.generators.migrations.revisions import FOLDER, first_revision
from team.generators.migrations.tables import Table
from team.generators.polish import polish
from team.specs.columns import normal
from team.specs.endpoint import ApiSpec
from team.specs.examples import example
from team.specs.expand import Schema, kind
from team.specs.made_names import attribute_name
from team.specs.openapi import OpenApiSpec
from team.specs.service import Operation, parameters_of, shape_of

_SHARED = (
    "app/__init__.py", "app/database.py", "app/main.py", "app/migrations.py", "app/routers/__init__.py",
    "Dockerfile", "requirements.txt", "requirements-dev.txt", "pyproject.toml", "alembic.ini",
    "alembic/env.py", "alembic/script.py.mako", "tests/test_database.py", "tests/test_migrations.py",
)  # fmt: skip
"""Written from the same templates as those of CRUD modules."""
_OWN = (
    "app/errors.py",
    "app/models.py",
    "app/repository.py",
    "app/schemas.py",
    "README.md",
    "tests/conftest.py",
)
_MESSAGES = frozenset({"message", "detail", "error", "title", "msg", "description", "reason", "text"})
_STATUSES = frozenset({"code", "status", "statuscode"})


class _Pseudo:
    """What the shared templates ask of an entity."""

    def __init__(self, module: str, path: str) -> None:
        self.plural_snake = module
        self.path = path


class ApiDraft:
    """Writes a whole service from endpoints or an OpenAPI document; the same spec gives the same bytes.

    Args:
        spec: the endpoints.
        before: what was generated the last time: its migrations stay, and the next one follows them.
    """

    def __init__(self, spec: ApiSpec | OpenApiSpec, before: Before | None = None) -> None:
        self._spec = spec
        self._before = before
        self._service = spec.service
        self._annotations = Annotations(
            taken={"Body", "Shown", "Part", "Text", "Date", "UtcTime", "JsonObject"}
        )
        self._resources: list[DraftResource] = []
        for resource in self._service.resources:
            known = {each.name: each for each in self._resources}
            self._resources.append(DraftResource(resource, known, self._annotations))
        self._open = [self._open_view(each) for each in self._service.open]

    def plan(self) -> str:
        """The layers, the decisions, the resources and what is open, as Markdown."""
        return self._render("api", "plan.md")

    def tests(self) -> dict[str, str]:
        """Test files: workspace path → text."""
        files = {path: text for path, text in self._files.items() if path.startswith("tests/")}
        for resource in self._resources:
            path = f"tests/test_{resource.plural_snake}_api.py"
            files[path] = self._render("api", "tests/test_resource_api.py", resource=resource)
        files["tests/test_service.py"] = self._render("api", "tests/test_service.py")
        return polish(files)

    def code(self) -> dict[str, str]:
        """All other files: workspace path → text."""
        files = {path: text for path, text in self._files.items() if not path.startswith("tests/")}
        for resource in self._resources:
            path = f"app/routers/{resource.plural_snake}.py"
            files[path] = self._render("api", "app/routers/resource.py", resource=resource)
        if self._open:
            files["app/routers/operations.py"] = self._render("api", "app/routers/operations.py")
        if not self._resources:
            del files["app/repository.py"]
        files["schemathesis.toml"] = self._render("api", "schemathesis.toml")
        return polish(files) | self._migrations()

    def tables(self) -> list[Table]:
        """The tables that the migrations make."""
        return tables_of(self._resources)

    def _migrations(self) -> dict[str, str]:
        if self._before is None:
            created = first_revision(self.tables())
            return polish({created.path: created.source()})
        existing, was, now = self._before.below(FOLDER), self._before.tables(), self.tables()
        return existing | following(was, now, neutral(now), neutral(was), existing)

    def review(self, tree: Mapping[str, str]) -> list[str]:
        """What the spec asks for and the tree does not have, one sentence each."""
        found = set(_routes(tree))
        return [
            f"there is no route {operation.label}"
            for operation in self._service.operations
            if (operation.method, shape_of(operation.path)) not in found
        ]

    @cached_property
    def _files(self) -> dict[str, str]:
        own = {path: self._render("api", path) for path in _OWN}
        return {path: self._render("crud", path) for path in _SHARED} | own

    def _render(self, draft: str, path: str, **more: Any) -> str:
        import prompts

        return prompts.render(f"drafts/{draft}/{path}.j2", **self._context, **more)

    def _open_view(self, operation: Operation) -> OperationView:
        taken = {each.function for each in getattr(self, "_open", [])}
        name = attribute_name(operation.name or f"{operation.method.lower()} {operation.path}", taken)
        view = OperationView(operation, name[:60].strip("_"))
        if operation.request is not None:
            view.request = self._annotations.annotation(operation.request, f"{_class(name)}Request")
            if not operation.request.get("properties"):
                view.request = f"Annotated[{view.request}, Body()]"
        if operation.response is not None:
            view.response = self._annotations.annotation(operation.response, f"{_class(name)}Answer")
        return view

    # --- what the templates ask for --------------------------------------------------------------------

    @cached_property
    def _context(self) -> dict[str, Any]:
        modules = [_Pseudo(each.plural_snake, each.path) for each in self._resources]
        queries = {each.name: each.query(self._annotations) for each in self._resources}
        places = {
            each.name: {
                "collection": each.parameters(self._annotations, item=False),
                "item": each.parameters(self._annotations, item=True),
            }
            for each in self._resources
        }
        open_parameters = {each.function: self._parameters_of(each.operation) for each in self._open}
        classes = list(self._annotations.classes)
        operations = [_Pseudo("operations", "/service")] if self._open else []
        entities = [*modules, *operations] or [_Pseudo("operations", "/service")]
        return {
            "title": self._spec.title,
            "resources": self._resources,
            "entities": entities,
            "image": "".join(c if c.isalnum() else "-" for c in entities[0].path.lower()).strip("-"),
            "classes": classes,
            "queries": queries,
            "places": places,
            "open_operations": self._open,
            "open_parameters": open_parameters,
            "open_rules": self._spec.prose_rules(),
            "failure": self._failure,
            "references": any(each.owner for each in self._resources),
            "pairs": (),
            "uses": {"decimal": False, "email": True, "enum": False},
            "model_names": [each.name for each in self._resources],
            "py": repr,
            "literal": literal,
            "signature": signature,
            "path_text": path_text,
            "to_json": _to_json,
            "shell": _shell,
            "open_address": _open_address,
            "example": example,
            "is_json": lambda schema: kind(schema) in ("object", "array", ""),
        }

    def _parameters_of(self, operation: Operation) -> list[ParameterView]:
        described = {each.name: each.schema for each in operation.path_parameters}
        found = []
        for name in parameters_of(operation.path):
            python = attribute_name(name, {"data"})
            text = query_annotation(described.get(name, {"type": "string"}), self._annotations, python)
            text = text if python == name else f'Annotated[{text}, Path(alias="{name}")]'
            found.append(ParameterView(python, name, text))
        for query in operation.query:
            python = attribute_name(query.name, {"data", *(each.name for each in found)})
            text = query_annotation(query.schema, self._annotations, python)
            text = text if query.required else f"{text} | None"
            alias = f'alias="{query.name}"' if python != query.name else ""
            text = f"Annotated[{text}, Query({alias})]"
            found.append(ParameterView(python, query.name, text, None if query.required else "None"))
        return found

    @cached_property
    def _failure(self) -> list[tuple[str, str]] | None:
        """(property, "status" or "message") of the document's own errors; None: the usual ones are used."""
        schemas = [each.failure for each in self._service.operations if each.failure]
        if not schemas:
            return None
        schema: Schema = schemas[0]
        roles = []
        for name, part in schema["properties"].items():
            if kind(part) == "integer" and normal(name) in _STATUSES:
                roles.append((name, "status"))
            elif kind(part) == "string" and "enum" not in part and normal(name) in _MESSAGES | _STATUSES:
                roles.append((name, "message" if normal(name) in _MESSAGES else "text"))
            elif name in schema.get("required", ()):
                return None
        return roles if any(role == "message" for _, role in roles) else None


def signature(parameters: list[ParameterView]) -> list[str]:
    """Parameters as they stand in a function, those with a default last."""
    ordered = sorted(parameters, key=lambda each: each.default is not None)
    return [_one(each) for each in ordered]


def _one(parameter: ParameterView) -> str:
    annotation = parameter.annotation
    alias = f', alias="{parameter.json}"' if parameter.name != parameter.json else ""
    if "{alias}" in annotation:
        annotation = annotation.replace("{alias}", alias)
    elif parameter.role in ("filter", "") and parameter.default is not None and "Query(" not in annotation:
        annotation = f"Annotated[{annotation}, Query({alias.removeprefix(', ')})]"
    return f"{parameter.name}: {annotation}" + (f" = {parameter.default}" if parameter.default else "")


def path_text(path: str) -> str:
    """A path as source."""
    return json.dumps(path, ensure_ascii=False)


def _open_address(operation: Operation) -> str:
    described = {each.name: each.schema for each in operation.path_parameters}
    return filled(
        operation.path,
        [example(name, described.get(name, {"type": "string"})) for name in parameters_of(operation.path)],
    )


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shell(value: Any) -> str:
    return shlex.quote(_to_json(value))


def _class(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _routes(tree: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(method, path without parameter names) of every route in a tree."""
    for path, text in tree.items():
        if not (path.startswith("app/") and path.endswith(".py")):
            continue
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(module):
            match node:
                case ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(route)), *_]):
                    yield method.upper(), shape_of(route)
