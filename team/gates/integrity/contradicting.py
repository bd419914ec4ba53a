"""Tests with another expected value: whatever the code answers, each of them has to fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from team.gates.integrity.demands import is_test, is_test_class
from team.gates.integrity.modules import Function, Module, last_name

_SWALLOWING = frozenset(
    {"raises", "warns", "suppress", "assertRaises", "assertWarns", "assertLogs", "ExitStack"}
)
_EQUAL = frozenset({"assertEqual", "assertEquals"})


def contradicted(module: Module) -> tuple[str, frozenset[str]]:
    """The test file in which tests compare with something else, and the ids of these tests.

    Only comparisons that every run of a test comes to are changed, one in each test.
    """
    copy = ast.parse(ast.unparse(module.tree))
    changed = {name for name, test in _tests(copy.body, module.path) if _contradict(test.body)}
    return ast.unparse(ast.fix_missing_locations(copy)) + "\n", frozenset(changed)


def _tests(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_test(node):
            yield f"{prefix}::{node.name}", node
        elif isinstance(node, ast.ClassDef) and is_test_class(node):
            yield from _tests(node.body, f"{prefix}::{node.name}")


def _contradict(body: Sequence[ast.stmt]) -> bool:
    """Change the first comparison that is surely reached; whether there is one."""
    for node in body:
        match node:
            case ast.Assert(test=ast.Compare(ops=[ast.Eq()], comparators=[expected]) as compared):
                compared.comparators = [_other(expected)]
                return True
            case ast.Expr(value=ast.Call(args=[_, expected, *_]) as call) if last_name(call) in _EQUAL:
                call.args[1] = _other(expected)
                return True
            case ast.With() | ast.AsyncWith() if not _swallows(node):
                return _contradict(node.body)
            case ast.Assign() | ast.AnnAssign() | ast.Expr() | ast.Import() | ast.ImportFrom() | ast.Assert():
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case _:
                return False
    return False


def _swallows(node: ast.With | ast.AsyncWith) -> bool:
    return any(last_name(item.context_expr) in _SWALLOWING for item in node.items)


def _other(expected: ast.expr) -> ast.expr:
    """A value of the same type where the type can be seen, else one that equals nothing."""
    match expected:
        case ast.Constant(value=str() as text):
            return ast.Constant(value=f"{text} and more")
        case ast.Constant(value=bool()):
            return ast.Constant(value="neither")
        case ast.Constant(value=int() | float() as number):
            return ast.Constant(value=number + 7919)
    return ast.parse("object()", mode="eval").body
