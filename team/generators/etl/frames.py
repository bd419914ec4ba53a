"""Checked formulas as pandas expressions over a data frame called `frame`, as a person would write them."""

from __future__ import annotations

import ast
import datetime as dt
from decimal import Decimal
from typing import Any

from team.pipelines.formula_types import FUNCTIONS, Column

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_NULLABLE = frozenset({"integer", "number", "boolean"})
"""Types whose comparisons can come out unknown; those of all others are true or false."""
_METHODS = {
    "len": ".str.len().astype('Int64')", "lower": ".str.lower()", "upper": ".str.upper()",
    "strip": ".str.strip()", "year": ".dt.year.astype('Int64')", "month": ".dt.month.astype('Int64')",
    "day": ".dt.day.astype('Int64')",
}  # fmt: skip


def literal(value: Any) -> str:
    """A value as the source that makes it, with the imports of the drafts (``pd``, ``Decimal``)."""
    match value:
        case Decimal():
            return f'Decimal("{value}")'
        case dt.datetime():
            return f'pd.Timestamp("{value.isoformat(sep=" ")}")'
        case dt.date():
            return f'pd.Timestamp("{value.isoformat()}")'
    return repr(value)


def condition(node: ast.expr) -> str:
    """A condition as a column of true and false; what is unknown is false."""
    text = _condition(node)
    if not _unknown(node):
        return text
    return f"{_wrapped(text)}.fillna(False)"


def value(node: ast.expr, kind: str) -> str:
    """An expression as a column of a type."""
    if kind == "boolean" and isinstance(node, ast.Compare | ast.BoolOp):
        return f"{_wrapped(condition(node))}.astype('boolean')"
    text = _value(node, kind)
    if isinstance(node, ast.Constant):
        return text
    return f"{_wrapped(text)}.astype('Int64')" if kind == "integer" and isinstance(node, ast.BinOp) else text


def kind_of(node: ast.expr) -> str:
    """The type of what a checked expression gives."""
    match node:
        case Column(kind=kind):
            return kind
        case ast.Constant(value=bool()):
            return "boolean"
        case ast.Constant(value=Decimal()):
            return "decimal"
        case ast.Constant(value=int()):
            return "integer"
        case ast.Constant(value=float()):
            return "number"
        case ast.Constant(value=str()):
            return "text"
        case ast.UnaryOp(operand=inner):
            return kind_of(inner)
        case ast.BinOp(left=left, op=op, right=right):
            return _joined(kind_of(left), op, kind_of(right))
        case ast.Call(func=ast.Name(id=name), args=[argument, *_]):
            return FUNCTIONS[name] or kind_of(argument)
    return "any"


def _joined(left: str, op: ast.operator, right: str) -> str:
    kinds = {left, right}
    if "text" in kinds:
        return "text"
    if "number" in kinds:
        return "number"
    if "decimal" in kinds:
        return "decimal"
    return "number" if isinstance(op, ast.Div) else "integer"


def _condition(node: ast.expr) -> str:
    match node:
        case ast.BoolOp(op=op, values=values):
            sign = " & " if isinstance(op, ast.And) else " | "
            return sign.join(_part(value) for value in values)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _comparison(left, op, right)
    raise AssertionError(f"no condition: {ast.dump(node)}")


def _part(node: ast.expr) -> str:
    text = _condition(node)
    plain = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn)
    return text if plain else f"({text})"


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
    if isinstance(op, ast.Is | ast.IsNot):
        return f"{_wrapped(_value(left))}.{'isna' if isinstance(op, ast.Is) else 'notna'}()"
    if isinstance(op, ast.In | ast.NotIn):
        assert isinstance(right, ast.List)
        members = ", ".join(_value(member) for member in right.elts)
        return f"{'~' * isinstance(op, ast.NotIn)}{_wrapped(_value(left))}.isin([{members}])"
    if isinstance(right, ast.Constant) and isinstance(right.value, bool):
        return f"{'~' * (right.value is isinstance(op, ast.NotEq))}{_value(left)}"
    text = f"{_value(left)} {_SIGNS[type(op)]} {_value(right)}"
    different = isinstance(op, ast.NotEq) and _may_be_unknown(left, right)
    return f"({text}).fillna(True)" if different else text


def _value(node: ast.expr, wanted: str = "") -> str:
    match node:
        case Column(name=name, kind=kind):
            return _as(f"frame[{name!r}]", kind, wanted)
        case ast.Constant(value=value):
            return literal(value)
        case ast.UnaryOp(operand=inner):
            return f"{_operand(inner, wanted)} * -1"
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(node, left, op, right)
        case ast.Call(func=ast.Name(id=name), args=[argument, *more]):
            return _call(name, argument, more)
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _arithmetic(node: ast.expr, left: ast.expr, op: ast.operator, right: ast.expr) -> str:
    wanted = kind_of(node)
    divides = isinstance(op, ast.Div | ast.FloorDiv | ast.Mod)
    if divides and isinstance(right, ast.Constant) and isinstance(right.value, Decimal):
        quotient = f"lambda number: number {_SIGNS[type(op)]} {literal(right.value)}"
        return f"{_operand(left, wanted)}.map({quotient}, na_action='ignore')"
    divisor = _operand(right, wanted)
    if divides and not isinstance(right, ast.Constant):
        divisor = f"{divisor}.mask({_operand(right, '')} == 0)"
    return f"{_operand(left, wanted)} {_SIGNS[type(op)]} {divisor}"


def _operand(node: ast.expr, wanted: str) -> str:
    text = _value(node, wanted)
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp) else text


def _as(text: str, kind: str, wanted: str) -> str:
    """A column among others of a wider type."""
    if kind == "integer" and wanted == "decimal":
        return f"{text}.astype(object)"
    if kind == "decimal" and wanted == "number":
        return f"{text}.map(float, na_action='ignore').astype('Float64')"
    return text


def _call(name: str, argument: ast.expr, more: list[ast.expr]) -> str:
    text = _wrapped(_value(argument))
    if name in _METHODS:
        return text + _METHODS[name]
    digits = ast.unparse(more[0]) if more else "0"
    if kind_of(argument) == "decimal":
        function = "abs" if name == "abs" else f"lambda number: round(number, {digits})"
        return f"{text}.map({function}, na_action='ignore')"
    return f"{text}.abs()" if name == "abs" else f"{text}.round({digits})"


def _wrapped(text: str) -> str:
    """Brackets where something is to be called on it."""
    simple = text.startswith("frame[") and text.count("[") == 1 and text.endswith("]")
    return text if simple else f"({text})"


def _may_be_unknown(*nodes: ast.expr) -> bool:
    return any(kind_of(node) in _NULLABLE for node in nodes if not isinstance(node, ast.Constant))


def _unknown(node: ast.expr) -> bool:
    """Whether a condition can come out unknown for a row."""
    if isinstance(node, ast.BoolOp):
        return any(_unknown(part) for part in node.values)
    assert isinstance(node, ast.Compare)
    if isinstance(node.ops[0], ast.Is | ast.IsNot | ast.In | ast.NotIn):
        return False
    return not isinstance(node.ops[0], ast.NotEq) and _may_be_unknown(node.left, node.comparators[0])
