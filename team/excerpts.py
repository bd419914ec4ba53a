"""Python files in part: what somebody needs to see of a file without paying for all of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence

_LONG = 3
"""Lines from which on a statement is worth leaving out."""


def excerpt(text: str, names: Sequence[str] = ()) -> str:
    """The parts of a file in which one of the names stands, word for word; without names, all of it.

    Imports and short statements are always part of it. What is left out is counted.
    """
    module = _parsed(text)
    if module is None or not names:
        return text
    lines = text.splitlines()
    shown: list[str] = []
    at = left_out = 0
    for node in module.body:
        first, last = _lines_of(node)
        part = lines[first - 1 : last]
        if _is_long(node) and not any(name in line for name in names for line in part):
            left_out += last - first + 1
        else:
            shown += _gap(left_out) + lines[at : first - 1] + part
            left_out = 0
        at = last
    return "\n".join([*shown, *_gap(left_out), *lines[at:]]) + "\n"


def interface(text: str, names: Sequence[str] = ()) -> str:
    """What a file offers: classes with fields, functions with signatures, constants; no bodies.

    Of a file in which one of the names stands, only what has to do with it.
    """
    module = _parsed(text)
    if module is None:
        return text
    body = [node for node in module.body if not _is_docstring(node)]
    body = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]
    wanted = [node for node in body if any(name in ast.unparse(node) for name in names)] or body
    return "\n".join(ast.unparse(_bare(node)) for node in wanted) + "\n"


def test_outline(text: str) -> str:
    """A file of tests: fixtures and helpers word for word, of tests only how they are called."""
    module = _parsed(text)
    if module is None:
        return text
    lines = text.splitlines()
    shown: list[str] = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            shown.append(ast.unparse(_bare(node, decorators=False)))
        elif not _is_docstring(node):
            first, last = _lines_of(node)
            shown += lines[first - 1 : last]
    return "\n".join(shown) + "\n"


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _lines_of(node: ast.stmt) -> tuple[int, int]:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)]), node.end_lineno or node.lineno


def _gap(lines: int) -> list[str]:
    return ["", "", f"# … {lines} lines are not shown"] if lines > 0 else []


def _bare(node: ast.stmt, *, decorators: bool = True) -> ast.stmt:
    """A statement without what is inside functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        node.body = [ast.Expr(ast.Constant(...))]
        if not decorators:
            node.decorator_list = []
    elif isinstance(node, ast.ClassDef):
        node.body = [_bare(each) for each in node.body if not _is_docstring(each)] or [ast.Pass()]
    return node


def _is_long(node: ast.stmt) -> bool:
    first, last = _lines_of(node)
    return last - first >= _LONG and not isinstance(node, ast.Import | ast.ImportFrom)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
