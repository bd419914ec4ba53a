"""What tests demand: every assertion of every test, in a form that can be compared.

Parameters are written out case by case; what the statements of a test demand, `statements` follows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from team.gates.integrity.canonical import MASK
from team.gates.integrity.cases import cases_of
from team.gates.integrity.modules import Function, Module, last_name, parameters_of
from team.gates.integrity.relations import Demand
from team.gates.integrity.statements import MOST_CASES, Walk
from team.gates.integrity.switched_off import switched_off


@dataclass(frozen=True)
class TestCode:
    """One test as it is written: its demands, the steps before them, and why it would not run, if so."""

    id: str
    line: int
    demands: tuple[Demand, ...]
    steps: tuple[str, ...]
    off: str = ""
    end: int = 0


def tests_of(modules: Sequence[Module]) -> dict[str, TestCode]:
    """Every test of the test modules by its id; of two with one name the last, which is the one that runs."""
    found: dict[str, TestCode] = {}
    for module in modules:
        whole = switched_off(module.tree.body, module)
        for test in _in_body(module, module.tree.body, "", (), whole, modules):
            found[test.id] = test
    return found


def fixtures_of(modules: Sequence[Module]) -> list[TestCode]:
    """Every fixture, read like a test: tests may move steps there."""
    return [
        _read_test(module, node, f"{module.path}::{name}", (), "", modules)
        for module in modules
        for name, node in module.functions.items()
        if any(last_name(decorator) == "fixture" for decorator in node.decorator_list)
    ]


def _in_body(
    module: Module,
    body: Iterable[ast.stmt],
    prefix: str,
    outer: tuple[ast.expr, ...],
    off: str,
    modules: Sequence[Module],
) -> Iterable[TestCode]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_test(node):
            yield _read_test(module, node, f"{module.path}::{prefix}{node.name}", outer, off, modules)
        elif isinstance(node, ast.ClassDef) and is_test_class(node):
            decorators = (*outer, *node.decorator_list)
            inner = off or switched_off(node.body, module, node.decorator_list)
            yield from _in_body(module, node.body, f"{prefix}{node.name}::", decorators, inner, modules)


def is_test(node: Function) -> bool:
    """Whether pytest takes a function for a test."""
    return node.name.startswith("test") and not any(last_name(d) == "fixture" for d in node.decorator_list)


def is_test_class(node: ast.ClassDef) -> bool:
    """Whether pytest takes a class for tests."""
    cases = {"TestCase", "IsolatedAsyncioTestCase"}
    return node.name.startswith("Test") or any(last_name(base) in cases for base in node.bases)


def _read_test(
    module: Module,
    node: Function,
    test: str,
    outer: tuple[ast.expr, ...],
    off: str,
    modules: Sequence[Module],
) -> TestCode:
    reason = off or switched_off(node.body, module, node.decorator_list)
    walk = Walk(module, test, modules)
    masked: dict[str, ast.expr] = dict.fromkeys(parameters_of(node), MASK)
    for case in cases_of([*outer, *node.decorator_list], node, module, MOST_CASES):
        walk.follow(node.body, masked, case)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    steps = tuple(dict.fromkeys(walk.steps))
    return TestCode(test, first, tuple(walk.demands), steps, reason, node.end_lineno or first)
