"""Measures which lines run by marks that are compiled into the workspace's modules: for runs that save time.

Tracing asks at every call of every function whether it is of interest, which takes longer than most tests. A
mark is a call of a set's `add` before a statement. The set is a constant of the code: no name leads to
it, and nothing is traced, so debuggers and greenlets are as they are without it.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import secrets
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from .reporting import Place

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag
_compile: Any = builtins.compile


class Marked:
    """A measurement of the modules that are compiled from now on."""

    def __init__(self, root: str) -> None:
        self._place = Place(root)
        self._seen: dict[str, set[int]] = {}

    def start(self) -> None:
        """Measure from here on."""
        builtins.compile = self._compiled

    def lines(self) -> dict[str, list[int]]:
        """The executed lines by workspace path."""
        builtins.compile = _compile
        return {path: sorted(seen) for path, seen in self._seen.items()}

    def _compiled(
        self,
        source: Any,
        filename: Any,
        mode: str,
        flags: int = 0,
        dont_inherit: bool = False,
        optimize: int = -1,
        **others: Any,
    ) -> Any:
        """As the built-in `compile`, with marks in modules of the workspace."""
        if not dont_inherit:  # what it would take over from its caller is here that of this file
            flags |= sys._getframe(1).f_code.co_flags & _FUTURES
        path = self._place.relative(filename) if isinstance(filename, str) else None
        if path is None or mode != "exec" or isinstance(source, ast.AST) or flags & ast.PyCF_ONLY_AST:
            return _compile(source, filename, mode, flags, True, optimize, **others)
        tree = _compile(source, filename, mode, flags | ast.PyCF_ONLY_AST, True, optimize, **others)
        token = secrets.token_hex(16)
        try:
            code = _compile(marked(tree, token), filename, mode, flags, True, optimize, **others)
        except (SyntaxError, ValueError, RecursionError):  # the marks' fault: without them it compiles
            return _compile(source, filename, mode, flags, True, optimize, **others)
        return with_constant(code, token, self._seen.setdefault(path, set()))


def marked(tree: ast.Module, token: str) -> ast.Module:
    """The tree with a mark before each statement: ``token.add(line)``."""
    for node in reversed(list(ast.walk(tree))):  # the inner ones first: marks need no marks
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body:
                setattr(node, name, list(_with_marks(body, documented and name == "body", token)))
        if isinstance(node, ast.ExceptHandler):
            _mark_handler(node, token)
        elif isinstance(node, ast.Match):
            _mark_cases(node, token)
    return ast.fix_missing_locations(tree)


def with_constant(code: CodeType, token: str, value: object) -> CodeType:
    """The code, and all code within it, with another constant in the token's place."""

    def other(constant: object) -> object:
        if isinstance(constant, CodeType):
            return with_constant(constant, token, value)
        return value if isinstance(constant, str) and constant == token else constant

    return code.replace(co_consts=tuple(map(other, code.co_consts)))


def _with_marks(body: list[ast.stmt], documented: bool, token: str) -> Iterator[ast.stmt]:
    """The statements, each behind its mark; what must come first in a body stays there."""
    head = 1 if documented and _is_text(body[0]) else 0
    while head < len(body) and _is_future(body[head]):
        head += 1
    yield from body[:head]
    for statement in body[:head]:
        if _is_future(statement):
            yield _mark(statement, statement.lineno, token)
    for statement in body[head:]:
        for decorator in getattr(statement, "decorator_list", ()):
            yield _mark(statement, decorator.lineno, token)
        yield _mark(statement, statement.lineno, token)
        yield statement


def _mark_handler(handler: ast.ExceptHandler, token: str) -> None:
    """Mark an ``except`` when it is asked whether it takes the exception."""
    call = _call(handler.lineno, token)
    if handler.type is None:
        handler.body.insert(0, ast.copy_location(ast.Expr(call), handler.body[0]))
    else:
        asked = ast.BoolOp(ast.Or(), [call, handler.type])  # what `add` returns is false
        handler.type = ast.copy_location(asked, handler.type)


def _mark_cases(match: ast.Match, token: str) -> None:
    """Mark every ``case`` up to the one that is taken."""
    lines = [case.pattern.lineno for case in match.cases]
    for number, case in enumerate(match.cases, 1):
        first = case.body[0]
        case.body[:0] = [_mark(first, line, token) for line in lines[:number]]
    last = match.cases[-1]
    if last.guard is not None or not _takes_all(last.pattern):
        nothing: list[ast.stmt] = [_mark(match, line, token) for line in lines]
        match.cases.append(ast.match_case(ast.copy_location(ast.MatchAs(), last.pattern), None, nothing))


def _takes_all(pattern: ast.pattern) -> bool:
    """Whether no other case may follow."""
    if isinstance(pattern, ast.MatchOr):
        return any(map(_takes_all, pattern.patterns))
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _takes_all(pattern.pattern))


def _mark(at: ast.AST, line: int, token: str) -> ast.Expr:
    return ast.copy_location(ast.Expr(_call(line, token)), at)


def _call(line: int, token: str) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Constant(token), "add", ast.Load()), [ast.Constant(line)], [])


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
