"""What existing tests demand, and which of them demand something else now."""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Iterator, Mapping


def changed_tests(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Test files in which an existing test demands something else, or is gone: path → unified diff.

    New tests, and changes that leave every assertion as it was, are not told.

    Args:
        before: path → text of the test files as they were.
        after: the same as they are.
    """
    return {
        path: _diff(path, text, after.get(path, ""))
        for path, text in sorted(before.items())
        if text != after.get(path) and _loses(_demands(text), _demands(after.get(path, "")))
    }


def _loses(before: Mapping[str, Counter[str]], after: Mapping[str, Counter[str]]) -> bool:
    """Whether anything that a test demanded is not demanded by it any more."""
    return any(demands - after.get(name, Counter()) or name not in after for name, demands in before.items())


def _demands(text: str) -> dict[str, Counter[str]]:
    """What each test of a file demands: its assertions, expected errors and cases, as written."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {name: Counter(_parts(node)) for name, node in _tests(tree.body, "")}


def _tests(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _tests(node.body, f"{prefix}{node.name}::")


def _parts(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    yield from (ast.unparse(decorator) for decorator in node.decorator_list)
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            yield ast.unparse(part.test)
        elif isinstance(part, ast.Call) and _name(part.func).startswith(
            ("assert", "raises", "fail", "warns")
        ):
            yield ast.unparse(part)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm=""
    )
    return "\n".join(lines)
