"""Values that can be read off a syntax tree without running anything of it.

Used on both sides; inside a sandbox with nothing but Python 3.9 or newer.
"""

from __future__ import annotations

import ast
import datetime
import decimal
import fractions
import math
import operator
from collections.abc import Mapping
from typing import Any

LONGEST = 100_000
"""Items of a sequence, letters of a text, bits of an integer."""


class NotLiteral(Exception):
    """The expression's value depends on code."""


_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_, ast.BitXor: operator.xor,
}  # fmt: skip
_SIGNS: dict[type, Any] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}  # fmt: skip
_FUNCTIONS: dict[str, Any] = {
    "set": set, "frozenset": frozenset, "list": list, "tuple": tuple, "dict": dict, "sorted": sorted,
    "len": len, "sum": sum, "min": min, "max": max, "abs": abs, "round": round, "range": range,
    "float": float, "int": int, "str": str, "bool": bool, "bytes": bytes, "bytearray": bytearray,
    "complex": complex,
    "chr": chr, "ord": ord, "Decimal": decimal.Decimal, "Fraction": fractions.Fraction,
    "date": datetime.date, "datetime": datetime.datetime, "timedelta": datetime.timedelta, "sqrt": math.sqrt,
}  # fmt: skip
_NAMES = {"nan": math.nan, "inf": math.inf, "pi": math.pi, "e": math.e}
_MODULES = frozenset({"math", "datetime", "decimal", "fractions"})


def evaluate(node: ast.expr, names: Mapping[str, Any] | None = None) -> Any:
    """The value of an expression made of literals, arithmetic and a few harmless functions.

    Args:
        node: the expression.
        names: values of names that are known.

    Raises:
        NotLiteral: anything else is needed to know it, or it is too large.
    """
    try:
        return _bounded(_evaluate(node, names or {}))
    except NotLiteral:
        raise
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError, MemoryError) as error:
        raise NotLiteral(str(error)) from error


def _evaluate(node: ast.expr, names: Mapping[str, Any]) -> Any:
    def inner(part: ast.expr) -> Any:
        return evaluate(part, names)

    if isinstance(node, ast.Constant) and node.value is not ...:
        return node.value
    if isinstance(node, ast.List):
        return [inner(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(inner(item) for item in node.elts)
    if isinstance(node, ast.Set):
        return {inner(item) for item in node.elts}
    if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        return {inner(key): inner(value) for key, value in zip(node.keys, node.values) if key}  # noqa: B905
    if isinstance(node, ast.UnaryOp):
        return _SIGNS[type(node.op)](inner(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _arithmetic(type(node.op), inner(node.left), inner(node.right))
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _MODULES:
        return _NAMES[node.attr]
    if isinstance(node, ast.Call):
        return _call(node, names)
    raise NotLiteral(type(node).__name__)


def _arithmetic(kind: type, left: Any, right: Any) -> Any:
    if kind is ast.Pow and not (abs(left) < 1 << 64 and abs(right) <= 1024):
        raise NotLiteral("too large")
    if kind is ast.Mult and isinstance(left, int) != isinstance(right, int):
        many, times = (right, left) if isinstance(left, int) else (left, right)
        if hasattr(many, "__len__") and len(many) * times > LONGEST:
            raise NotLiteral("too large")
    if kind is ast.Mod and isinstance(left, (str, bytes, bytearray)):
        raise NotLiteral("text that is filled in")
    return _OPERATORS[kind](left, right)


def _call(node: ast.Call, names: Mapping[str, Any]) -> Any:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        name = node.func.attr if node.func.value.id in _MODULES else ""
    function = _FUNCTIONS.get(name)
    if function is None or name in names or any(keyword.arg is None for keyword in node.keywords):
        raise NotLiteral("a call")
    args = [evaluate(argument, names) for argument in node.args]
    if name in ("bytes", "bytearray") and args and isinstance(args[0], int) and args[0] > LONGEST:
        raise NotLiteral("too large")
    return function(*args, **{str(k.arg): evaluate(k.value, names) for k in node.keywords})


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > LONGEST:
        raise NotLiteral("too large")
    if hasattr(value, "__len__") and len(value) > LONGEST:
        raise NotLiteral("too large")
    return value
