"""Marks at the ends of tests, compiled into them: they show that a test was not cut short."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from types import CodeType
from typing import Any

from _pytest.assertion import rewrite

from .reporting import Place
from .sealing import ASSERTED, COMPILED, REACHED

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
RESULT = "@devteam_result"
"""A name that no source can hold."""


def mark_endings(root: str) -> None:
    """Have pytest compile test files with marks at their assertions and ends; tell the hook of their code."""
    place, audit, really_compile, really_rewrite = Place(root), sys.audit, compile, rewrite.rewrite_asserts

    def rewrite_marked(tree: ast.Module, source: bytes, path: str | None = None, config: Any = None) -> None:
        relative = place.relative(str(path))
        if relative is not None:
            Assertions(relative).visit(tree)
            mark_tests(tree.body)
        really_rewrite(tree, source, path, config)

    def compile_told(tree: ast.Module, filename: str, *args: Any, **others: Any) -> CodeType:
        code: CodeType = really_compile(tree, filename, *args, **others)
        relative = place.relative(str(filename))
        if relative is not None:
            audit(COMPILED, relative, code)
        return code

    rewrite.rewrite_asserts = rewrite_marked  # type: ignore[assignment]
    # What pytest compiles rewritten files with; a name of the module stands before the built-in one.
    rewrite.compile = compile_told  # type: ignore[attr-defined]


class Assertions(ast.NodeTransformer):
    """Puts a mark before each assertion."""

    def __init__(self, path: str) -> None:
        self._path = path

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        """A statement of Python's own."""
        return [mark(node, ASSERTED, f"{self._path}:{node.lineno}"), node]

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        """A call such as ``self.assertEqual(…)``."""
        match node.value:
            case ast.Call(func=ast.Attribute(attr=name)) if name.startswith("assert"):
                return [mark(node, ASSERTED, f"{self._path}:{node.lineno}"), node]
        return node


def mark_tests(body: Sequence[ast.stmt]) -> None:
    """Mark the ends of the tests in a body and in the classes and branches of it."""
    for node in body:
        if isinstance(node, FUNCTIONS):
            if node.name.startswith("test"):
                Returns().generic_visit(node)
                node.body.append(mark(node.body[-1], REACHED))
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
        return [placed(kept, node), mark(node, REACHED), placed(back, node)]

    def _left_alone(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = _left_alone


def mark(near: ast.stmt, *told: str) -> ast.stmt:
    """A call that tells the hook of its place."""
    return placed(ast.parse(f"__import__('sys').audit({', '.join(map(repr, told))})").body[0], near)


def placed(node: ast.stmt, near: ast.stmt) -> ast.stmt:
    """The node, as if it stood in the line of another."""
    for part in ast.walk(node):
        ast.copy_location(part, near)
    return ast.fix_missing_locations(node)
