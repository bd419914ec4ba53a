"""Follows a test's statements in order, without running them, and notes what they demand.

Variables are replaced by their values, literal loops are written out item by item, and helpers of the tests
that assert something count as if they stood in the test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from team.gates.integrity.canonical import MASK, canonical, resolved
from team.gates.integrity.cases import Case, elements_of
from team.gates.integrity.modules import (
    Function,
    Module,
    calls_in,
    find_module,
    last_name,
    parameters_of,
    text_of,
    unparsed,
)
from team.gates.integrity.relations import Demand, Relation, relations_of
from team.gates.integrity.switched_off import swallows

MOST_DEMANDS = 2000
MOST_CASES = 300
DEEPEST_HELPER = 5

_RAISES = frozenset(
    {"raises", "warns", "deprecated_call", "assertRaises", "assertRaisesRegex", "assertWarns"}
)
_ENDINGS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass
class Walk:
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
            inner = Walk(module, self.test, self.modules, self.demands, self.steps, {}, self.depth + 1)
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
        names = parameters_of(function)
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
