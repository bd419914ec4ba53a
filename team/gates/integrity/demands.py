"""What tests demand: every assertion of every test, in a form that can be compared.

A test's statements are followed in order, without running them: variables are replaced by their values,
literal loops and parameters are written out case by case, and helpers of the tests that assert something
count as if they stood in the test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from team.gates.integrity.canonical import MASK, canonical, resolved
from team.gates.integrity.cases import Case, cases_of, elements_of
from team.gates.integrity.modules import (
    Function,
    Module,
    calls_in,
    find_module,
    last_name,
    text_of,
    unparsed,
)
from team.gates.integrity.relations import Relation, relations_of
from team.gates.integrity.switched_off import swallows, switched_off

MOST_DEMANDS = 2000
MOST_CASES = 300
LONGEST_CASE = 120
DEEPEST_HELPER = 5

_RAISES = frozenset(
    {"raises", "warns", "deprecated_call", "assertRaises", "assertRaisesRegex", "assertWarns"}
)
_SHOWN = frozenset({"==", "!=", "is", "is not", "in", "not in", "<", "<=", ">", ">="})
_ENDINGS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Demand:
    """One assertion.

    Attributes:
        test: ``path::Class::name`` of its test.
        relation: what it says, in canonical form.
        guards: the conditions under which it is made at all.
        line: where it stands.
        text: how it is written.
    """

    test: str
    relation: Relation
    guards: frozenset[str]
    line: int
    text: str

    @property
    def file(self) -> str:
        """The test's file."""
        return self.test.partition("::")[0]

    def __str__(self) -> str:
        """How it is written, and the case of its parameters that is meant."""
        relation = self.relation
        case = f"{relation.subject} {relation.sign} {relation.expected}".strip()
        plain = self.text.removeprefix("assert ").replace("'", "").replace('"', "")
        same = len(case) > LONGEST_CASE or case.replace("'", "") == plain or relation.sign not in _SHOWN
        return f"`{self.text}`" if same else f"`{self.text}` for `{case}`"


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
    walk = _Walk(module, test, modules)
    masked: dict[str, ast.expr] = dict.fromkeys(_parameters(node), MASK)
    for case in cases_of([*outer, *node.decorator_list], node, module, MOST_CASES):
        walk.follow(node.body, masked, case)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    steps = tuple(dict.fromkeys(walk.steps))
    return TestCode(test, first, tuple(walk.demands), steps, reason, node.end_lineno or first)


def _parameters(node: Function) -> list[str]:
    arguments = node.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


@dataclass
class _Walk:
    """Follows one test's statements and notes what it demands."""

    module: Module
    test: str
    modules: Sequence[Module]
    demands: list[Demand] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    helpers: dict[str, Function] = field(default_factory=dict)
    depth: int = 0

    def follow(self, body: list[ast.stmt], masked: Mapping[str, ast.expr], case: Case) -> None:
        """Follow a test's body for one case of its parameters."""
        self.block(body, {**masked, **case}, frozenset())

    def block(self, body: list[ast.stmt], env: dict[str, ast.expr], guards: frozenset[str]) -> None:
        """Follow statements up to one that leaves the block."""
        for node in body:
            if len(self.demands) >= MOST_DEMANDS:
                return
            self.statement(node, env, guards)
            if isinstance(node, _ENDINGS):
                return

    def statement(self, node: ast.stmt, env: dict[str, ast.expr], guards: frozenset[str]) -> None:
        """Follow one statement."""
        match node:
            case ast.Assert():
                self.note(relations_of(node.test, env, self.module), guards, node)
            case ast.Assign():
                self.called(node.value, env, guards)
                for target in node.targets:
                    self.bind(target, resolved(node.value, env, self.module), env)
            case ast.AnnAssign(value=ast.expr() as value):
                self.called(value, env, guards)
                self.bind(node.target, resolved(value, env, self.module), env)
            case ast.AugAssign(target=ast.Name(id=name)):
                old = env.get(name, MASK)
                env[name] = ast.BinOp(left=old, op=node.op, right=resolved(node.value, env, self.module))
            case ast.Expr(value=value):
                self.expression(value, env, guards)
            case ast.With() | ast.AsyncWith():
                self.with_block(node, env, guards)
            case ast.For() | ast.AsyncFor():
                self.loop(node, env, guards)
            case ast.While():
                self.block(node.body, env, guards | {f"while {canonical(node.test, env, self.module)}"})
            case ast.If():
                self.branch(node, env, guards)
            case ast.Try():
                self.trial(node, env, guards)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.helpers[node.name] = node
            case ast.Raise(exc=ast.expr() as error) if last_name(error) == "AssertionError":
                self.note([Relation("fail", "")], guards, node)
            case _:
                pass

    def expression(self, value: ast.expr, env: dict[str, ast.expr], guards: frozenset[str]) -> None:
        """A call that stands by itself: an assertion, a helper that asserts, or a step on the way."""
        call = value.value if isinstance(value, ast.Await) else value
        if not isinstance(call, ast.Call):
            return
        name = last_name(call)
        if name in _RAISES and len(call.args) > 1:
            body = ast.Call(func=call.args[1], args=call.args[2:], keywords=[])
            self.note([self.raised(call, [ast.Expr(value=body)], env)], guards, call)
        elif name.lower().startswith("assert"):
            self.note(relations_of(call, env, self.module), guards, call)
        elif self.module.stands_for(call.func) == "pytest.fail":
            self.note([Relation("fail", "")], guards, call)
        elif not self.called(call, env, guards):
            self.steps.append(canonical(call, env, self.module))

    def called(self, value: ast.expr, env: dict[str, ast.expr], guards: frozenset[str]) -> bool:
        """Follow the helpers of the tests that an expression calls; whether there was one that asserts."""
        followed = False
        for call in calls_in(value):
            found = self.helper(call.func)
            if found is None or self.depth >= DEEPEST_HELPER or not _asserts(found[1]):
                continue
            module, function = found
            inner = _Walk(module, self.test, self.modules, self.demands, self.steps, {}, self.depth + 1)
            inner.block(function.body, self.arguments(call, function, env), guards)
            followed = True
        return followed

    def helper(self, function: ast.expr) -> tuple[Module, Function] | None:
        """The function of the tests that a name stands for."""
        name = self.module.stands_for(function)
        if name in self.helpers:
            return self.module, self.helpers[name]
        if name in self.module.functions:
            return self.module, self.module.functions[name]
        where, _, last = name.rpartition(".")
        other = find_module(self.modules, where) if where else None
        return (other, other.functions[last]) if other and last in other.functions else None

    def arguments(self, call: ast.Call, function: Function, env: dict[str, ast.expr]) -> dict[str, ast.expr]:
        """The helper's parameters with what it is called with."""
        names = _parameters(function)
        bound: dict[str, ast.expr] = dict.fromkeys(names, MASK)
        for name, value in zip(names, call.args, strict=False):
            bound[name] = resolved(value, env, self.module)
        for keyword in call.keywords:
            if keyword.arg:
                bound[keyword.arg] = resolved(keyword.value, env, self.module)
        return bound

    def with_block(
        self, node: ast.With | ast.AsyncWith, env: dict[str, ast.expr], guards: frozenset[str]
    ) -> None:
        """A `with`: an expected exception, something that swallows exceptions, or a resource."""
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and last_name(call) in _RAISES:
                self.note([self.raised(call, node.body, env)], guards, node)
            elif isinstance(call, ast.Call) and last_name(call) == "suppress":
                guards = guards | {"suppress"}
            if item.optional_vars is not None:
                self.bind(item.optional_vars, resolved(item.context_expr, env, self.module), env)
        self.block(node.body, env, guards)

    def raised(self, call: ast.Call, body: list[ast.stmt], env: dict[str, ast.expr]) -> Relation:
        """The demand that a block raises."""
        inner = dict(env)
        texts = []
        for statement in body:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    self.bind(target, resolved(statement.value, inner, self.module), inner)
            for part in ast.iter_child_nodes(statement):
                if isinstance(part, ast.expr) and isinstance(getattr(part, "ctx", ast.Load()), ast.Load):
                    texts.append(canonical(part, inner, self.module))
        expected = [canonical(argument, env, self.module) for argument in call.args[:1]]
        match = [k.value for k in call.keywords if k.arg == "match"]
        match += call.args[1:2] if last_name(call) == "assertRaisesRegex" else []
        detail = canonical(match[0], env, self.module) if match else ""
        return Relation(f"{last_name(call)}", "; ".join(texts), "".join(expected), detail)

    def loop(self, node: ast.For | ast.AsyncFor, env: dict[str, ast.expr], guards: frozenset[str]) -> None:
        """A loop: case by case over what is written down, else once for all."""
        self.called(node.iter, env, guards)
        items = elements_of(resolved(node.iter, env, self.module), MOST_CASES)
        if items is None:
            each = ast.Name(id=f"each({canonical(node.iter, env, self.module)})", ctx=ast.Load())
            items = [each]
        for item in items:
            self.bind(node.target, item, env)
            self.block(node.body, env, guards)

    def branch(self, node: ast.If, env: dict[str, ast.expr], guards: frozenset[str]) -> None:
        """Both ways of an `if`."""
        condition = canonical(node.test, env, self.module)
        self.block(node.body, env, guards | {f"if {condition}"})
        self.block(node.orelse, env, guards | {f"if not {condition}"})

    def trial(self, node: ast.Try, env: dict[str, ast.expr], guards: frozenset[str]) -> None:
        """A `try`: its handlers may keep an assertion from failing."""
        swallowed = any(swallows(handler) for handler in node.handlers)
        self.block(node.body, env, guards | {"try"} if swallowed else guards)
        for handler in node.handlers:
            kind = unparsed(handler.type) if handler.type else ""
            self.block(handler.body, env, guards | {f"except {kind}"})
        self.block(node.orelse, env, guards)
        self.block(node.finalbody, env, guards)

    def bind(self, target: ast.expr, value: ast.expr, env: dict[str, ast.expr]) -> None:
        """Give names their values; of an unpacked one, its parts."""
        if isinstance(target, ast.Name):
            env[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = elements_of(value, MOST_CASES)
            for index, name in enumerate(target.elts):
                known = parts is not None and index < len(parts)
                part = parts[index] if parts is not None and known else _item(value, index)
                self.bind(name.value if isinstance(name, ast.Starred) else name, part, env)

    def note(self, relations: Iterable[Relation], guards: frozenset[str], node: ast.AST) -> None:
        """Keep demands, each with its place."""
        text, line = _head(node), getattr(node, "lineno", 1)
        self.demands += [Demand(self.test, relation, guards, line, text) for relation in relations]


def _item(value: ast.expr, index: int) -> ast.expr:
    return ast.Subscript(value=value, slice=ast.Constant(value=index), ctx=ast.Load())


def _head(node: ast.AST) -> str:
    """How an assertion is written; of a `with`, only its first line."""
    if isinstance(node, ast.With | ast.AsyncWith):
        return f"with {', '.join(text_of(item.context_expr) for item in node.items)}"
    return text_of(node)


def _asserts(function: Function) -> bool:
    """Whether a function makes assertions, or calls what may."""
    return any(
        isinstance(node, ast.Assert)
        or (
            isinstance(node, ast.Call) and (last_name(node).lower().startswith(("assert", "check", "verify")))
        )
        or (isinstance(node, ast.Call) and last_name(node) in (*_RAISES, "fail"))
        for node in ast.walk(function)
    )
