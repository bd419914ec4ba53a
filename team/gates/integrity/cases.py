"""Parameters of tests, written out case by case."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Sequence

from team.gates.integrity.canonical import canonical, resolved
from team.gates.integrity.modules import Function, Module, last_name

Case = dict[str, ast.expr]

_OFF = frozenset({"skip", "xfail"})


def cases_of(decorators: Sequence[ast.expr], function: Function, module: Module, most: int) -> list[Case]:
    """Every case that decorators give a test; one empty case without any; marks where values are not written.

    Args:
        decorators: of the test and its classes.
        function: the test.
        module: where it stands.
        most: beyond so many, the values are taken as a whole.
    """
    groups = [_cases(decorator, module) for decorator in decorators if last_name(decorator) == "parametrize"]
    groups += [[_given(d, function, module)] for d in decorators if last_name(d) == "given"]
    size = 1
    for group in groups:
        size *= len(group)
    if size > most:
        groups = [group if len(group) * len(groups) <= most else group[:1] for group in groups]
        groups = groups[:1]
    return [_merged(combination) for combination in itertools.product(*groups)]


def values_of(decorator: ast.expr, module: Module) -> list[ast.expr] | None:
    """The cases of a `parametrize` as they are written; None when they are computed."""
    if not isinstance(decorator, ast.Call):
        return None
    given = [*decorator.args[1:2], *(k.value for k in decorator.keywords if k.arg == "argvalues")]
    return elements_of(resolved(given[0], {}, module), 10_000) if given else None


def elements_of(value: ast.expr, most: int) -> list[ast.expr] | None:
    """The elements of a list, tuple or set that is written down; None for anything else."""
    if isinstance(value, ast.List | ast.Tuple | ast.Set) and len(value.elts) <= most:
        return None if any(isinstance(item, ast.Starred) for item in value.elts) else list(value.elts)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "items":
        pairs = value.func.value
        if isinstance(pairs, ast.Dict) and all(key is not None for key in pairs.keys):
            keys = [key for key in pairs.keys if key is not None]
            return [
                ast.Tuple(elts=list(pair), ctx=ast.Load()) for pair in zip(keys, pairs.values, strict=True)
            ]
    return None


def _cases(decorator: ast.expr, module: Module) -> list[Case]:
    assert isinstance(decorator, ast.Call)
    given = [*decorator.args[:1], *(k.value for k in decorator.keywords if k.arg == "argnames")]
    names = _names(given[0]) if given else []
    values = values_of(decorator, module)
    if values is None:
        whole = [*decorator.args[1:2], *(k.value for k in decorator.keywords if k.arg == "argvalues")]
        text = canonical(whole[0], {}, module) if whole else ""
        return [{name: ast.Name(id=f"each({text}, {name})", ctx=ast.Load()) for name in names}]
    return [case for value in values if (case := _case(names, value)) is not None]


def _case(names: list[str], value: ast.expr) -> Case | None:
    """One case; None when it is switched off."""
    if isinstance(value, ast.Call) and last_name(value) == "param":
        marks = [
            mark for keyword in value.keywords if keyword.arg == "marks" for mark in ast.walk(keyword.value)
        ]
        if any(isinstance(mark, ast.expr) and last_name(mark) in _OFF for mark in marks):
            return None
        parts: Iterable[ast.expr] = value.args
    elif len(names) == 1:
        parts = [value]
    else:
        parts = elements_of(value, 1000) or ()
    return dict(zip(names, parts, strict=False))


def _names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    parts = elements_of(node, 100) or []
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def _given(decorator: ast.expr, function: Function, module: Module) -> Case:
    """hypothesis fills keywords by name, and the last parameters by position."""
    if not isinstance(decorator, ast.Call):
        return {}
    names = [argument.arg for argument in function.args.args]
    last = names[len(names) - len(decorator.args) :]
    pairs = [*zip(last, decorator.args, strict=False)]
    pairs += [(keyword.arg, keyword.value) for keyword in decorator.keywords if keyword.arg]
    return {
        name: ast.Name(id=f"given({canonical(value, {}, module)})", ctx=ast.Load()) for name, value in pairs
    }


def _merged(cases: Iterable[Case]) -> Case:
    merged: Case = {}
    for case in cases:
        merged |= case
    return merged
