"""Marks at the ends of tests, compiled into them: they show that a test was not cut short."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from types import CodeType
from typing import Any

from _pytest.assertion import rewrite

from .reporting import Place
from .sealing import COMPILED, REACHED

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
RESULT = "@devteam_result"
"""A name that no source can hold."""


def mark_endings(root: str) -> None:
    """Have pytest compile test files with a mark at every end of a test, and tell the hook of their code."""
    place, audit, really_compile = Place(root), sys.audit, compile

    def compile_marked(tree: ast.Module, filename: str, *args: Any, **others: Any) -> CodeType:
        path = place.relative(str(filename))
        if path is None:
            plain: CodeType = really_compile(tree, filename, *args, **others)
            return plain
        mark_tests(tree.body)
        code: CodeType = really_compile(tree, filename, *args, **others)
        audit(COMPILED, path, code)
        return code

    # What pytest compiles rewritten files with; a name of the module stands before the built-in one.
    rewrite.compile = compile_marked  # type: ignore[attr-defined]


def mark_tests(body: Sequence[ast.stmt]) -> None:
    """Mark the ends of the tests in a body and in the classes and branches of it."""
    for node in body:
        if isinstance(node, FUNCTIONS):
            if node.name.startswith("test"):
                Returns().generic_visit(node)
                node.body.append(mark(node.body[-1]))
        else:
            for inner in ("body", "orelse", "finalbody"):
                mark_tests(getattr(node, inner, ()))


class Returns(ast.NodeTransformer):
    """Puts a mark between the value of a `return` and the return."""

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        """The value first: it may still raise."""
        value = node.value or ast.Constant(value=None)
        kept = ast.Assign(targets=[ast.Name(id=RESULT, ctx=ast.Store())], value=value)
        back = ast.Return(value=ast.Name(id=RESULT, ctx=ast.Load()))
        return [placed(kept, node), mark(node), placed(back, node)]

    def _left_alone(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = _left_alone


def mark(near: ast.stmt) -> ast.stmt:
    """A call that tells the hook of its place."""
    return placed(ast.parse(f"__import__('sys').audit({REACHED!r})").body[0], near)


def placed(node: ast.stmt, near: ast.stmt) -> ast.stmt:
    """The node, as if it stood in the line of another."""
    for part in ast.walk(node):
        ast.copy_location(part, near)
    return ast.fix_missing_locations(node)
