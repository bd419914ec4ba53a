"""What an expression says of given values: true, false, or unknown where a needed value is missing."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EnumValue:
    """A constant that is one of the values of an enum field."""

    field: str
    value: str


class _Unknown:
    """What comes of computing with a missing value."""


UNKNOWN = _Unknown()

ARITHMETIC: dict[type[ast.operator], Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
ORDER: dict[type[ast.cmpop], Any] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip


def truth(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """True, False or UNKNOWN for a condition, by the values of the fields."""
    result = _evaluate(node, values)
    return result if result is UNKNOWN else bool(result)


def _evaluate(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """True, False or UNKNOWN for a condition; a value, None or UNKNOWN for an operand."""
    match node:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=value):
            return value.value if isinstance(value, EnumValue) else value
        case ast.Tuple(elts=elements):
            return tuple(_evaluate(element, values) for element in elements)
        case ast.Call(args=[argument]):
            text = _evaluate(argument, values)
            return UNKNOWN if text is None else len(text)
        case ast.BoolOp(op=op, values=parts):
            results = [truth(part, values) for part in parts]
            decisive = isinstance(op, ast.Or)
            if decisive in results:
                return decisive
            return UNKNOWN if UNKNOWN in results else not decisive
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            result = truth(inner, values)
            return UNKNOWN if result is UNKNOWN else not result
        case ast.UnaryOp(operand=inner):
            number = _evaluate(inner, values)
            return UNKNOWN if _missing(number) else -number
        case ast.BinOp(left=left, op=operation, right=right):
            numbers = _evaluate(left, values), _evaluate(right, values)
            return UNKNOWN if _missing(*numbers) else ARITHMETIC[type(operation)](*numbers)
        case ast.Compare(left=left, ops=[comparison], comparators=[right]):
            return _compare(_evaluate(left, values), comparison, _evaluate(right, values))
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _compare(left: Any, comparison: ast.cmpop, right: Any) -> Any:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(comparison, ast.Is | ast.Eq):
        return left == right
    if isinstance(comparison, ast.IsNot | ast.NotEq):
        return left != right
    if isinstance(comparison, ast.In | ast.NotIn):
        if not isinstance(right, tuple) and _missing(left, right):
            return UNKNOWN
        return (left in right) is isinstance(comparison, ast.In)
    return UNKNOWN if _missing(left, right) else ORDER[type(comparison)](left, right)


def _missing(*values: Any) -> bool:
    return any(value is None or value is UNKNOWN for value in values)
