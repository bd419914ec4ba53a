"""Tests that cannot fail, looked at by themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from team.gates.base import Finding, Severity
from team.gates.integrity.canonical import MASK, resolved
from team.gates.integrity.cases import values_of
from team.gates.integrity.demands import is_test, is_test_class
from team.gates.integrity.modules import Function, Module, calls_in, last_name, text_of, unparsed
from team.gates.integrity.switched_off import BROAD, skipping, swallows, switched_off


def hollow_tests(module: Module) -> Iterator[Finding]:
    """Findings about one test file."""
    off = switched_off(module.tree.body, module)
    if off:
        yield _finding(module, 1, "switched-off", f"the whole file is switched off by {off}: remove that")
    for test, decorators in _tests(module.tree.body, ()):
        yield from _of_test(module, test, decorators)
    marks = _marks(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and is_test_class(node):
            yield from _of_class(module, node)
        if isinstance(node, ast.Assert) and (why := _always_holds(node.test, module)):
            message = f"`{text_of(node)}` always holds: {why}"
            severity: Severity = "minor" if node.lineno in marks else "critical"
            yield _finding(module, node.lineno, "constant-assertion", message, severity)
        elif isinstance(node, ast.Try):
            yield from _swallowed(module, node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            yield from _suppressed(module, node)


def _marks(module: Module) -> set[int]:
    """The lines of `assert True` beside assertions that demand something: they only mark a place."""
    lines: set[int] = set()
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            asserts = [node for node in ast.walk(function) if isinstance(node, ast.Assert)]
            if any(not _always_holds(node.test, module) for node in asserts):
                lines.update(node.lineno for node in asserts if isinstance(node.test, ast.Constant))
    return lines


def skipped(module: Module) -> Iterator[Finding]:
    """Findings about a test file of which the run skipped something."""
    for node in skipping(module):
        message = f"`{text_of(node)}` took a test out of the run: let it run"
        yield _finding(module, node.lineno, "switched-off", message)


def _tests(
    body: Sequence[ast.stmt], outer: tuple[ast.expr, ...]
) -> Iterator[tuple[Function, tuple[ast.expr, ...]]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_test(node):
            yield node, (*outer, *node.decorator_list)
        elif isinstance(node, ast.ClassDef) and is_test_class(node):
            yield from _tests(node.body, (*outer, *node.decorator_list))


def _of_class(module: Module, node: ast.ClassDef) -> Iterator[Finding]:
    if off := switched_off(node.body, module):
        told = f"{node.name} is switched off by {off}: remove that"
        yield _finding(module, node.lineno, "switched-off", told)


def _of_test(module: Module, node: Function, decorators: tuple[ast.expr, ...]) -> Iterator[Finding]:
    if off := switched_off(node.body, module, decorators):
        yield _finding(
            module, node.lineno, "switched-off", f"{node.name} is switched off by {off}: remove that"
        )
    if not any(_does_something(statement) for statement in node.body):
        yield _finding(
            module, node.lineno, "empty-test", f"{node.name} does nothing: let it demand something"
        )
    for decorator in decorators:
        if last_name(decorator) == "parametrize" and values_of(decorator, module) == []:
            message = f"{node.name} is parametrised over nothing, so it never runs: give it cases"
            yield _finding(module, decorator.lineno, "no-cases", message)


def _does_something(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Call | ast.Compare | ast.Assert | ast.Attribute | ast.Subscript | ast.With)
        for node in ast.walk(statement)
    )


def _swallowed(module: Module, node: ast.Try) -> Iterator[Finding]:
    asserts = [a for statement in node.body for a in ast.walk(statement) if isinstance(a, ast.Assert)]
    if not asserts:
        return
    for handler in node.handlers:
        if swallows(handler):
            message = (
                f"`{text_of(asserts[0])}` cannot fail here: what it raises is caught in line {handler.lineno}"
            )
            yield _finding(module, asserts[0].lineno, "swallowed-assertion", message)


def _suppressed(module: Module, node: ast.With | ast.AsyncWith) -> Iterator[Finding]:
    for item in node.items:
        call = item.context_expr
        if not isinstance(call, ast.Call):
            continue
        kinds = {last_name(argument) for given in call.args for argument in _kinds(given)}
        asserts = [a for statement in node.body for a in ast.walk(statement) if isinstance(a, ast.Assert)]
        if last_name(call) == "suppress" and kinds & BROAD and asserts:
            message = f"`{text_of(asserts[0])}` cannot fail within `{text_of(call)}`"
            yield _finding(module, asserts[0].lineno, "swallowed-assertion", message)
        elif last_name(call) in ("raises", "assertRaises") and kinds & BROAD:
            yield from _any_error(module, call, kinds, asserts)


def _any_error(
    module: Module, call: ast.Call, kinds: set[str], asserts: list[ast.Assert]
) -> Iterator[Finding]:
    if asserts and kinds & {"AssertionError", "Exception", "BaseException"}:
        message = f"`{text_of(call)}` passes when `{text_of(asserts[0])}` fails"
        yield _finding(module, asserts[0].lineno, "swallowed-assertion", message)
    elif kinds & {"Exception", "BaseException"} and not any(k.arg == "match" for k in call.keywords):
        message = f"`{text_of(call)}` passes for any error whatever: name the one that is expected"
        yield _finding(module, call.lineno, "any-error", message, "major")


def _kinds(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _always_holds(node: ast.expr, module: Module) -> str:
    """Why an asserted expression is true whatever the code does, in words; empty when it is not."""
    match node:
        case ast.Tuple(elts=[_, *_]):
            return "a tuple is never false; the message comes after a comma, without brackets"
        case ast.GeneratorExp() | ast.Lambda():
            return "a generator or function is never false"
        case ast.BoolOp(op=ast.Or(), values=values):
            return next((why for value in values if (why := _always_holds(value, module))), "") or _excluded(
                node
            )
        case ast.BoolOp(op=ast.And(), values=values):
            reasons = [_always_holds(value, module) for value in values]
            return reasons[0] if all(reasons) else ""
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _same_sides(left, op, right, module)
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id="object")]):
            return "everything is an object"
    return _constant(node, module)


def _excluded(node: ast.BoolOp) -> str:
    plain = {unparsed(value) for value in node.values}
    negated = {
        unparsed(value.operand)
        for value in node.values
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    }
    return "one of its sides always holds" if plain & negated else ""


def _same_sides(left: ast.expr, op: ast.cmpop, right: ast.expr, module: Module) -> str:
    if isinstance(op, ast.Eq | ast.Is | ast.LtE | ast.GtE) and unparsed(left) == unparsed(right):
        if not any(calls_in(left)):
            return "both sides are the same"
        return ""
    zero = isinstance(right, ast.Constant) and right.value == 0 and not isinstance(right.value, bool)
    if isinstance(op, ast.GtE) and zero and isinstance(left, ast.Call) and last_name(left) == "len":
        return "no length is below zero"
    return _constant(ast.Compare(left=left, ops=[op], comparators=[right]), module)


def _constant(node: ast.expr, module: Module) -> str:
    """Whether an expression is made of constants alone, and true; arithmetic beyond that is left alone."""
    whole = resolved(node, {}, module)
    if any(isinstance(part, ast.Name | ast.Call | ast.Attribute | ast.Await) for part in ast.walk(whole)):
        return ""
    if sum(1 for _ in ast.walk(whole)) > 60 or any(
        isinstance(p, ast.Pow | ast.LShift) for p in ast.walk(whole)
    ):
        return ""
    if any(isinstance(part, ast.Name) and part.id == MASK.id for part in ast.walk(whole)):
        return ""
    return "" if _is_false(whole) else "it is a constant"


def _is_false(node: ast.expr) -> bool:
    """Whether a literal is false, such as in `assert False`, which marks a place that is not reached."""
    try:
        return not ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and not _is_false(node.operand)


def _finding(module: Module, line: int, rule: str, message: str, severity: Severity = "critical") -> Finding:
    return Finding(file=module.path, line=line, rule=rule, severity=severity, message=message)
