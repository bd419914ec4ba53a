"""Expressions in a form that is the same however a test spells them.

Names are replaced by what they stand for: imports by where they come from, local variables and constants
by their values, fixtures and helpers of the tests by one mark. So moving a value into a variable, renaming a
helper or importing in another way changes nothing.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping

from team.gates.integrity.modules import Module, unparsed

Env = Mapping[str, ast.expr]

MASK = ast.Name(id="_", ctx=ast.Load())
"""Stands for a fixture, a helper of the tests, `self`: what their names are does not matter."""
MOST_NODES = 400

_SCOPES = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)


def resolved(node: ast.expr, env: Env, module: Module) -> ast.expr:
    """The expression with every name replaced; a very large one becomes a mark of its content."""
    made = _rebuilt(node, env, module, 0)
    assert isinstance(made, ast.expr)
    if sum(1 for _ in ast.walk(made)) > MOST_NODES:
        digest = hashlib.sha256(unparsed(made).encode("utf-8", "replace")).hexdigest()[:16]
        return ast.Name(id=f"_{digest}", ctx=ast.Load())
    return made


def canonical(node: ast.expr, env: Env, module: Module) -> str:
    """The text of the resolved expression."""
    return unparsed(resolved(node, env, module))


def _rebuilt(node: ast.AST, env: Env, module: Module, depth: int) -> ast.AST:
    if isinstance(node, ast.Name):
        return _named(node, env, module, depth)
    if isinstance(node, _SCOPES):
        bound = _bound(node) | _parameters(node)
        env = {name: value for name, value in env.items() if name not in bound}
    made = type(node)()
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            value = [_rebuilt(v, env, module, depth) if isinstance(v, ast.AST) else v for v in value]
        elif isinstance(value, ast.AST):
            value = _rebuilt(value, env, module, depth)
        setattr(made, name, value)
    return made


def _named(node: ast.Name, env: Env, module: Module, depth: int) -> ast.AST:
    if not isinstance(node.ctx, ast.Load):
        return node
    if node.id in env:
        return env[node.id]
    if node.id in module.constants and depth < 5:
        return _rebuilt(module.constants[node.id], {}, module, depth + 1)
    if node.id in module.functions:
        return MASK
    return ast.Name(id=module.origins.get(node.id, node.id), ctx=ast.Load())


def _bound(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _parameters(node: ast.AST) -> set[str]:
    return {argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)}
