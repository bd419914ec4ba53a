"""Tests that would not run, and code that keeps an assertion from failing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from team.gates.integrity.modules import Module, calls_in, last_name, unparsed

_MARKS = frozenset({"skip", "xfail", "skipIf", "skipUnless", "skipif", "expectedFailure", "skipTest"})
_CONDITIONAL = frozenset({"skipif", "skipIf", "skipUnless", "xfail"})
_SURROUNDINGS = ("platform", "version", "os.name", "which", "find_spec", "environ", "cpu_count", "uid")
"""What an honest condition for skipping asks about: the machine, never the code under test."""

BROAD = frozenset({"", "Exception", "BaseException", "AssertionError"})


def switched_off(body: Sequence[ast.stmt], module: Module, decorators: Iterable[ast.expr] = ()) -> str:
    """Why the tests of a body would not run, in words; empty when they would."""
    for decorator in decorators:
        if reason := _mark(decorator):
            return reason
    for node in body:
        if reason := _statement(node, module):
            return reason
    return ""


def _mark(decorator: ast.expr) -> str:
    name = last_name(decorator)
    if name not in _MARKS:
        return ""
    if name in _CONDITIONAL and isinstance(decorator, ast.Call) and decorator.args:
        condition = unparsed(decorator.args[0])
        settled = isinstance(decorator.args[0], ast.Constant | ast.UnaryOp) or name == "xfail"
        if any(word in condition for word in _SURROUNDINGS) or not settled:
            return ""
        return f"`{name}({condition[:60]})`"
    return f"`{name}`"


def _statement(node: ast.stmt, module: Module) -> str:
    """A statement at the top of a body that takes all of it out of the run."""
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if "pytestmark" in names:
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            return next((reason for mark in marks if (reason := _mark(mark))), "")
        if "__test__" in names and isinstance(node.value, ast.Constant) and not node.value.value:
            return "`__test__ = False`"
    if isinstance(node, ast.Raise) and node.exc is not None and last_name(node.exc) == "SkipTest":
        return "`SkipTest`"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and skips(node.value, module):
        return f"`{unparsed(node.value.func)}`"
    return ""


def skips(call: ast.Call, module: Module) -> bool:
    """Whether a call takes the running test out of the run."""
    name = module.stands_for(call.func)
    return name in ("pytest.skip", "pytest.xfail") or name.endswith(".skipTest")


def swallows(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches a failed assertion and lets nothing of it through."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {last_name(kind) if kind is not None else "" for kind in kinds}
    if not names & BROAD:
        return False
    lets_through = any(
        isinstance(node, ast.Raise | ast.Assert)
        or (isinstance(node, ast.Call) and last_name(node) in ("fail", "exit"))
        or (isinstance(node, ast.Call) and last_name(node).lower().startswith("assert"))
        for statement in handler.body
        for node in ast.walk(statement)
    )
    return not lets_through


def skipping(module: Module) -> list[ast.expr]:
    """Calls and marks that skip, for other reasons than the machine."""
    marks = [
        decorator
        for node in ast.walk(module.tree)
        for decorator in getattr(node, "decorator_list", ())
        if last_name(decorator) in _CONDITIONAL and not any(w in unparsed(decorator) for w in _SURROUNDINGS)
    ]
    return [*marks, *guarded_skip(module.tree.body, module)]


def guarded_skip(body: Iterable[ast.stmt], module: Module) -> Iterable[ast.Call]:
    """Calls that skip, below conditions that do not ask about the machine."""
    for node in body:
        if isinstance(node, ast.If) and any(word in unparsed(node.test) for word in _SURROUNDINGS):
            continue
        if isinstance(node, ast.Try) and any(
            handler.type is not None and "ImportError" in unparsed(handler.type) for handler in node.handlers
        ):
            continue
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        handlers = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.ExceptHandler)]
        yield from guarded_skip([*inner, *(s for handler in handlers for s in handler.body)], module)
        if not inner:
            yield from (call for call in calls_in(node) if skips(call, module))
