"""Tests that look as if they demanded something: what they assert is kept from ever being false."""

from __future__ import annotations

import ast
import builtins
import unicodedata
from collections.abc import Iterator, Sequence

from team.gates.base import Finding, Severity
from team.gates.integrity.demands import is_test, is_test_class
from team.gates.integrity.modules import Function, Module, calls_in, find_module, last_name, text_of

_JUDGING = frozenset(
    {
        "all", "any", "len", "isinstance", "issubclass", "abs", "sorted", "sum", "bool", "set", "min", "max",
        "round", "callable", "hasattr", "getattr", "str", "int", "float", "repr", "list", "dict", "tuple",
    }
) & frozenset(dir(builtins))  # fmt: skip
"""Built-in functions on whose answers assertions rest."""
_RELATIVE, _ABSOLUTE = frozenset({"rel", "rel_tol", "rtol"}), frozenset({"abs", "abs_tol", "atol", "delta"})
_CLOSE = frozenset({"approx", "isclose", "allclose", "assert_allclose", "assertAlmostEqual"})
_LOOK_ALIKES = str.maketrans("тТеЕѕЅѵοоаср", "tTeEsSvooacp")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def shams(module: Module, sources: Sequence[Module]) -> Iterator[Finding]:
    """Findings about one test file."""
    asked = _called_in_assertions(module.tree) & _JUDGING
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and last_name(node) in _CLOSE:
            yield from _tolerant(module, node)
        for name in _bound(node) & asked:
            message = (
                f"`{name}` is given another meaning here, and assertions rest on it: give it another name"
            )
            yield _finding(module, node, "shadowed-builtin", message)
    for test in _tests(module.tree.body):
        yield from _returning(module, test)
    yield from _own_subject(module, sources)
    yield from _uncalled(module)


def _called_in_assertions(tree: ast.AST) -> set[str]:
    asserts = (node for node in ast.walk(tree) if isinstance(node, ast.Assert))
    calls = (call for node in asserts for call in calls_in(node))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def _tolerant(module: Module, node: ast.Call) -> Iterator[Finding]:
    """A tolerance within which nearly everything lies."""
    sizes = [abs(value) for part in node.args for value in _numbers(part) if value]
    for keyword in node.keywords:
        for value in _numbers(keyword.value):
            relative = keyword.arg in _RELATIVE and value >= 1
            absolute = keyword.arg in _ABSOLUTE and value >= max(sizes, default=1e6) and value > 1
            if relative or absolute:
                message = f"`{text_of(node)}` is as good as equal to everything: ask for what is right"
                yield _finding(module, node, "loose-tolerance", message)


def _numbers(node: ast.expr) -> Iterator[float]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, int | float):
            yield float(part.value)
        elif isinstance(part, ast.Call) and last_name(part) == "float" and "inf" in text_of(part):
            yield float("inf")


def _bound(node: ast.AST) -> set[str]:
    """The names that a statement gives another meaning."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name} if not any(part.arg == "self" for part in node.args.args[:1]) else set()
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {alias.asname or alias.name for alias in names}
    return set()


def _tests(body: Sequence[ast.stmt]) -> Iterator[Function]:
    for node in body:
        if isinstance(node, _FUNCTIONS) and is_test(node):
            yield node
        elif isinstance(node, ast.ClassDef) and is_test_class(node):
            yield from _tests(node.body)


def _returning(module: Module, test: Function) -> Iterator[Finding]:
    """A comparison that is returned: nobody looks at it."""
    for node in _own_nodes(test):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Compare | ast.BoolOp | ast.UnaryOp):
            message = f"`{text_of(node)}`: nobody looks at what a test returns, assert it"
            yield _finding(module, node, "returned-verdict", message)


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield node
            yield from _own_nodes(node)


def _own_subject(module: Module, sources: Sequence[Module]) -> Iterator[Finding]:
    """A name that is imported from the source and then bound to something of the tests."""
    subjects = {
        alias.asname or alias.name
        for node in module.tree.body
        if isinstance(node, ast.ImportFrom) and node.module and find_module(sources, node.module)
        for alias in node.names
    }
    for node in ast.walk(module.tree):
        made = isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and node.name in subjects
        given = (
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and _bound(node) & subjects
        )
        if (made and node in module.tree.body) or given:
            message = f"`{text_of(node, 60)}` stands in the place of what is imported: test the real one"
            yield _finding(module, node, "mocked-subject", message)


def _uncalled(module: Module) -> Iterator[Finding]:
    """A function with demands that nothing calls, such as a test whose name only looks like one."""
    used = {n.id for n in ast.walk(module.tree) if isinstance(n, ast.Name)}
    used |= {n.attr for n in ast.walk(module.tree) if isinstance(n, ast.Attribute)}
    used |= {n.arg for n in ast.walk(module.tree) if isinstance(n, ast.arg)}
    for node in module.tree.body:
        if not isinstance(node, _FUNCTIONS) or node.decorator_list or node.name in used or is_test(node):
            continue
        if any(isinstance(part, ast.Assert) for part in ast.walk(node)):
            look = unicodedata.normalize("NFKC", node.name).translate(_LOOK_ALIKES)
            severity: Severity = "critical" if look.startswith("test") else "minor"
            message = f"`{node.name}` demands something and nothing calls it: name it test_…, or remove it"
            yield _finding(module, node, "never-called", message, severity)


def _finding(
    module: Module, node: ast.AST, rule: str, message: str, severity: Severity = "critical"
) -> Finding:
    line = getattr(node, "lineno", None)
    return Finding(file=module.path, line=line, rule=rule, severity=severity, message=message)
