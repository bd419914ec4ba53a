"""Is everything that a spec asks for in the tree? A checklist over syntax trees, not an opinion."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from team.generators.crud.entities import EntityView

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass
class _Found:
    """What the Python files of a tree define."""

    classes: dict[str, list[ast.ClassDef]] = field(default_factory=dict)
    routes: set[tuple[str, str]] = field(default_factory=set)
    conditions: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def review_crud(entities: Sequence[EntityView], tree: Mapping[str, str]) -> list[str]:
    """What the entities need and the tree does not have, one sentence each.

    Args:
        entities: what the spec asks for.
        tree: workspace path, POSIX → text.
    """
    found = _Found()
    for path in sorted(path for path in tree if path.endswith(".py") and path.startswith("app/")):
        _read(path, tree[path], found)
    return found.problems + [problem for entity in entities for problem in _missing(entity, found)]


def _missing(entity: EntityView, found: _Found) -> Iterator[str]:
    for suffix, what in (("", "table"), ("Create", "schema"), ("Update", "schema"), ("Read", "schema")):
        name = entity.name + suffix
        if name not in found.classes:
            yield f"there is no {what} {name}"
            continue
        known = _attributes(name, found)
        for wanted in [each.name for each in entity.fields] + (
            [] if suffix in ("Create", "Update") else _GIVEN
        ):
            if wanted not in known:
                yield f"the {what} {name} has no field {wanted}"
    one = f"{entity.path}/{{}}"
    for method, path in [
        ("post", entity.path),
        ("get", entity.path),
        *((m, one) for m in METHODS if m != "post"),
        *(("get", f"{one}{link.path}") for link in entity.links),
        *((m, f"{one}{link.path}/{{}}") for link in entity.links for m in ("put", "delete")),
    ]:
        if (method, path) not in found.routes:
            yield f"there is no route {method.upper()} {path.replace('{}', '{id}')}"
    for rule in entity.rules:
        if rule.rule.message not in found.texts or _normal(rule.condition) not in found.conditions:
            where = f"the business rule `{rule.rule.rule}` of {entity.name}"
            yield f"{where} is not implemented: {rule.rule.message}"


_GIVEN = ["id", "created_at", "updated_at"]


def _read(path: str, text: str, found: _Found) -> None:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        found.problems.append(f"{path} is not Python")
        return
    prefix = _prefix(module)
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            found.classes.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.If):
            found.conditions.add(ast.unparse(node.test))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.texts.add(node.value)
        elif isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            found.routes.update(_routes(node, prefix))


def _prefix(module: ast.Module) -> str:
    """The prefix that the module's router is made with."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("APIRouter"):
            for keyword in node.keywords:
                if keyword.arg == "prefix" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return ""


def _routes(function: ast.AsyncFunctionDef | ast.FunctionDef, prefix: str) -> Iterator[tuple[str, str]]:
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(path)), *_]) if (
                method in METHODS
            ):
                parts = (prefix + path).rstrip("/").split("/")
                yield method, "/".join("{}" if part.startswith("{") else part for part in parts)


def _attributes(name: str, found: _Found, seen: frozenset[str] = frozenset()) -> set[str]:
    """The annotated names of a class and of its bases in the tree."""
    names: set[str] = set()
    for node in found.classes.get(name, []):
        names |= {
            statement.target.id
            for statement in node.body
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        }
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id not in seen:
                names |= _attributes(base.id, found, seen | {name})
    return names


def _normal(condition: str) -> str:
    return ast.unparse(ast.parse(condition, mode="eval"))
