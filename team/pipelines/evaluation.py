"""What a checked formula gives for one row."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from team.pipelines.formula_types import Column

_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_DIVIDES = (ast.Div, ast.FloorDiv, ast.Mod)


def evaluate(node: ast.expr, row: Mapping[str, Any]) -> Any:
    """The value of an expression, None where one that it needs is missing; of a condition, true or false."""
    match node:
        case Column(name=name):
            return row[name]
        case ast.Constant(value=value):
            return value
        case ast.BoolOp(op=op, values=values):
            results = [evaluate(value, row) for value in values]
            return all(results) if isinstance(op, ast.And) else any(results)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compare(evaluate(left, row), op, right, row)
        case ast.UnaryOp(operand=inner):
            value = evaluate(inner, row)
            return None if value is None else -value
        case ast.BinOp(left=left, op=operation, right=right):
            return _compute(evaluate(left, row), operation, evaluate(right, row))
        case ast.Call(func=ast.Name(id=name), args=[argument, *more]):
            value = evaluate(argument, row)
            return None if value is None else _CALLS[name](value, *(part.value for part in more))  # type: ignore[attr-defined]
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _compare(left: Any, op: ast.cmpop, right: ast.expr, row: Mapping[str, Any]) -> bool:
    if isinstance(right, ast.List):
        members = [evaluate(member, row) for member in right.elts]
        return (left in members) is isinstance(op, ast.In)
    other = evaluate(right, row)
    if isinstance(op, ast.Is | ast.IsNot):
        return (left is None) is isinstance(op, ast.Is)
    if isinstance(op, ast.Eq | ast.NotEq):
        return (left is not None and left == other) is isinstance(op, ast.Eq)
    return left is not None and other is not None and _ORDER[type(op)](left, other)


def _compute(left: Any, operation: ast.operator, right: Any) -> Any:
    if left is None or right is None or (isinstance(operation, _DIVIDES) and right == 0):
        return None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return _ARITHMETIC[type(operation)](left, right)


def _round(value: Any, digits: int) -> Any:
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    return round(value, digits)


_CALLS: Mapping[str, Callable[..., Any]] = {
    "len": len, "lower": str.lower, "upper": str.upper, "strip": str.strip, "abs": abs, "round": _round,
    "year": lambda value: value.year, "month": lambda value: value.month, "day": lambda value: value.day,
}  # fmt: skip
