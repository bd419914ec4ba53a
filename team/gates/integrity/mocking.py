"""Tests that do not test the code: their subject is replaced, or they hold a copy of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from team.gates.base import Finding
from team.gates.integrity.modules import Function, Module, calls_in, find_module, last_name, text_of

SMALLEST_COPY = 10
"""Nodes of a function's body below which two functions may be alike by chance."""

_PATCHES = frozenset({"patch", "setattr", "object", "patch_object"})


def stand_ins(module: Module, sources: Sequence[Module]) -> Iterator[Finding]:
    """Findings about one test file."""
    defined = _definitions(sources)
    called = {module.stands_for(call.func) for call in calls_in(module.tree)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield from _other_modules(module, node, sources)
            name = _patched(node, module)
            if name in defined and name in called:
                message = f"{name} is replaced, and it is what this file tests: test the real one"
                yield _finding(module, node.lineno, "mocked-subject", message)
        elif isinstance(node, ast.Assign):
            yield from _assigned(module, node, sources, defined)
    yield from _copies(module, sources, frozenset(called))


def replaced_everywhere(tests: Sequence[Module], sources: Sequence[Module]) -> Iterator[Finding]:
    """Fixtures that every test gets, which replace what some test calls."""
    defined = _definitions(sources)
    called = {test.stands_for(call.func) for test in tests for call in calls_in(test.tree)}
    for test in tests:
        for node in ast.walk(test.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_autouse(node):
                for name in {_patched(call, test) for call in calls_in(node)} & defined & called:
                    message = f"{name} is replaced for every test, and tests call it: test the real one"
                    yield _finding(test, node.lineno, "mocked-subject", message)


def _is_autouse(node: Function) -> bool:
    return any(
        last_name(decorator) == "fixture" and "autouse=True" in text_of(decorator)
        for decorator in node.decorator_list
    )


def _definitions(sources: Sequence[Module]) -> frozenset[str]:
    return frozenset(f"{source.dotted}.{name}" for source in sources for name in source.functions)


def _patched(node: ast.Call, module: Module) -> str:
    """The dotted name of what a call replaces, as far as it is written down."""
    if last_name(node) not in _PATCHES or not node.args:
        return ""
    first = node.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    attribute = node.args[1] if len(node.args) > 1 else None
    if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
        return f"{module.stands_for(first)}.{attribute.value}"
    return ""


def _assigned(
    module: Module, node: ast.Assign, sources: Sequence[Module], defined: frozenset[str]
) -> Iterator[Finding]:
    for target in node.targets:
        if isinstance(target, ast.Attribute):
            owner = module.stands_for(target.value)
            if owner and find_module(sources, owner) and module.stands_for(target) in defined:
                message = f"{module.stands_for(target)} is replaced by a test: test the real one"
                yield _finding(module, node.lineno, "mocked-subject", message)
        elif isinstance(target, ast.Subscript) and module.stands_for(target.value) == "sys.modules":
            message = f"`{text_of(target)}` is replaced by a test: test the real module"
            yield _finding(module, node.lineno, "mocked-subject", message)


def _other_modules(module: Module, node: ast.Call, sources: Sequence[Module]) -> Iterator[Finding]:
    """``setitem(sys.modules, "app.calc", …)`` and ``patch.dict(sys.modules, {"app.calc": …})``."""
    if not any(module.stands_for(part) == "sys.modules" for part in node.args[:1]):
        return
    texts = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
    for source in sources:
        if source.dotted in texts:
            message = (
                f"`{text_of(node)}` puts something in the place of {source.dotted}: test the real module"
            )
            yield _finding(module, node.lineno, "mocked-subject", message)


def _copies(module: Module, sources: Sequence[Module], used: frozenset[str]) -> Iterator[Finding]:
    bodies: Mapping[str, str] = {
        shape: f"{source.dotted}.{name}"
        for source in sources
        for name, function in source.functions.items()
        if f"{source.dotted}.{name}" in used and (shape := _shape(function))
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("test"):
            original = bodies.get(_shape(node))
            if original:
                message = f"`{node.name}` is a copy of {original}: compare with values that are known"
                yield _finding(module, node.lineno, "copied-implementation", message)


def _shape(function: Function) -> str:
    """A function's body without names of variables, annotations and docstring; empty when it is short."""
    body = function.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    nodes = [n for statement in body for n in ast.walk(statement) if not isinstance(n, ast.expr_context)]
    if len(nodes) < SMALLEST_COPY:
        return ""
    numbers: dict[str, str] = {}
    parts = []
    for statement in body:
        for node in ast.walk(statement):
            part = type(node).__name__
            if isinstance(node, ast.Name):
                part += numbers.setdefault(node.id, str(len(numbers)))
            elif isinstance(node, ast.Constant):
                part += repr(node.value)
            elif isinstance(node, ast.Attribute):
                part += node.attr
            parts.append(part)
    return " ".join(parts)


def _finding(module: Module, line: int, rule: str, message: str) -> Finding:
    return Finding(file=module.path, line=line, rule=rule, severity="critical", message=message)
