"""Sources without their bodies: signatures, decorators and docstrings stay, everything else raises."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from team.gates.integrity.modules import Function, Module, last_name


def gutted(module: Module, kept_lines: frozenset[int], error: str) -> str:
    """The source with every body replaced by ``raise <error>``.

    Args:
        module: the source.
        kept_lines: functions that contain one of these lines stay: they run when the module is imported.
        error: the name of the exception.
    """
    copy = ast.parse(ast.unparse(module.tree))
    for original, function in zip(functions(module.tree), functions(copy), strict=True):
        if has_body(original) and not body_lines(original) & kept_lines:
            head = function.body[:1] if _is_text(function.body[0]) else []
            function.body = [*head, ast.Raise(exc=ast.Name(id=error, ctx=ast.Load()))]
    return ast.unparse(ast.fix_missing_locations(copy)) + "\n"


def functions(tree: ast.AST) -> Iterator[Function]:
    """Functions and methods, without those inside of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif not isinstance(node, ast.Lambda):
            yield from functions(node)


def body_lines(function: Function) -> frozenset[int]:
    """The lines of a function's body."""
    return frozenset(range(function.body[0].lineno, (function.end_lineno or function.lineno) + 1))


def replaced_lines(module: Module, kept_lines: frozenset[int]) -> frozenset[int]:
    """All lines whose functions `gutted` replaces."""
    found: set[int] = set()
    for function in functions(module.tree):
        lines = body_lines(function)
        if has_body(function) and not lines & kept_lines:
            found |= lines
    return frozenset(found)


def has_body(function: Function) -> bool:
    """Whether there is anything to replace: not in stubs, overloads and abstract methods."""
    if any(last_name(decorator) == "overload" for decorator in function.decorator_list):
        return False
    return not all(_is_stub(statement) for statement in function.body)


def _is_stub(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise) and node.exc is not None:
        return last_name(node.exc) == "NotImplementedError"
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def gutted_sources(
    sources: list[Module], at_import: Mapping[str, frozenset[int]], error: str
) -> dict[str, str]:
    """Path → gutted text of every source."""
    return {module.path: gutted(module, at_import.get(module.path, frozenset()), error) for module in sources}
