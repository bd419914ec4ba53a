"""Checks a parsed formula against the types of the columns: only what is allowed passes, each part typed.

Constants become values of the type that they are compared with, and every ``not`` is worked into the
comparisons.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from team.pipelines.values import NUMBERS, TIMES, read

FUNCTIONS: Mapping[str, str] = {
    "len": "integer", "lower": "text", "upper": "text", "strip": "text", "year": "integer",
    "month": "integer", "day": "integer", "abs": "", "round": "",
}  # fmt: skip
"""The functions of one column, and the type of what they give; empty: that of what they are given."""

CONSTANTS = {"true": True, "false": False, "null": None, "none": None}
"""What other languages write for constants; a column of the same name comes first."""

ALLOWED = "allowed: columns, constants, comparisons, and, or, not, in, + - * / // %, and " + ", ".join(
    FUNCTIONS
)
"""What an error tells the writer of a formula."""

_TEXT = frozenset({"text"})
_TAKES = {"len": _TEXT, "lower": _TEXT, "upper": _TEXT, "strip": _TEXT, "year": TIMES, "month": TIMES,
          "day": TIMES, "abs": NUMBERS, "round": NUMBERS}  # fmt: skip
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class FormulaError(ValueError):
    """The text is no formula of the allowed kind, or does not fit the columns."""


@dataclass(frozen=True)
class Column(ast.expr):
    """A column in a checked formula."""

    name: str
    kind: str


class Checker:
    """Fits one formula to the types of its columns.

    Args:
        columns: identifier in the tree → name of the column.
        kinds: the type of each column that there is.
    """

    def __init__(self, columns: Mapping[str, str], kinds: Mapping[str, str]) -> None:
        self._columns = columns
        self._kinds = kinds

    def condition(self, node: ast.expr, negated: bool = False) -> ast.expr:
        """The tree as a checked condition without ``not``; of its opposite, when it is negated.

        Raises:
            FormulaError: with what is wrong and what is allowed.
        """
        match node:
            case ast.BoolOp(op=op, values=values):
                both = isinstance(op, ast.And) is not negated
                parts = [self.condition(value, negated) for value in values]
                return ast.BoolOp(ast.And() if both else ast.Or(), parts)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self.condition(inner, not negated)
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [left, *others]
                pairs = [
                    self._pair(one, op, other, negated)
                    for one, op, other in zip(sides, ops, sides[1:], strict=False)
                ]
                joined: ast.boolop = ast.Or() if negated else ast.And()
                return pairs[0] if len(pairs) == 1 else ast.BoolOp(joined, pairs)
            case ast.Name(id=name) if name in self._columns:
                column = self._column(name)
                if column.kind == "boolean":
                    return ast.Compare(column, [ast.Eq()], [ast.Constant(not negated)])
        raise FormulaError(f"{ast.unparse(node)!r} is neither true nor false; compare it with something")

    def value(self, node: ast.expr) -> tuple[ast.expr, str]:
        """The tree as a checked expression, and the type of what it gives.

        Raises:
            FormulaError: with what is wrong and what is allowed.
        """
        if isinstance(node, ast.Compare | ast.BoolOp) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            return self.condition(node), "boolean"
        tree, kind = self._operand(node)
        if isinstance(tree, ast.Constant):
            tree = _constant(read(kind, tree.value))
        return tree, kind

    def _pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr, negated: bool) -> ast.expr:
        if isinstance(op, ast.In | ast.NotIn):
            kind_of = _OPPOSITE[type(op)] if negated else type(op)
            return self._membership(left, kind_of(), right)
        if _is_none(left) or _is_none(right):
            there = isinstance(op, ast.IsNot | ast.NotEq) is not negated
            value, _ = self._operand(right if _is_none(left) else left)
            return ast.Compare(value, [ast.IsNot() if there else ast.Is()], [ast.Constant(None)])
        if isinstance(op, ast.Is | ast.IsNot):
            raise FormulaError("'is' only goes with None; use == or !=")
        one, one_kind = self._operand(left)
        other, other_kind = self._operand(right)
        if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):
            raise FormulaError(f"{ast.unparse(ast.Compare(left, [op], [right]))!r} names no column")
        one, other = self._fitted(one, one_kind, other, other_kind)
        compared = _OPPOSITE[type(op)]() if negated else op
        return ast.Compare(one, [compared], [other])

    def _membership(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
        value, kind = self._operand(left)
        if isinstance(value, ast.Constant) or not isinstance(right, ast.Tuple | ast.List | ast.Set):
            raise FormulaError("in takes a column and a list of constants")
        members = []
        for element in right.elts:
            constant, constant_kind = self._operand(element)
            if not isinstance(constant, ast.Constant):
                raise FormulaError("in takes a list of constants")
            members.append(self._fitted(value, kind, constant, constant_kind)[1])
        return ast.Compare(value, [op], [ast.List(members, ast.Load())])

    def _operand(self, node: ast.expr) -> tuple[ast.expr, str]:
        match node:
            case ast.Name(id=name) if name in CONSTANTS and name not in self._columns:
                return ast.Constant(CONSTANTS[name]), _constant_kind(CONSTANTS[name])
            case ast.Name(id=name):
                column = self._column(name)
                return column, column.kind
            case ast.Constant(value=value):
                return node, _constant_kind(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return ast.Constant(-value), _constant_kind(value)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                operand, kind = self._operand(inner)
                if kind in NUMBERS:
                    return ast.UnaryOp(ast.USub(), operand), kind
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call(func=ast.Name(id=name), args=[argument, *more], keywords=[]) if name in FUNCTIONS:
                return self._call(name, argument, more)
        raise FormulaError(f"{ast.unparse(node)!r} is not allowed; {ALLOWED}")

    def _call(self, name: str, argument: ast.expr, more: list[ast.expr]) -> tuple[ast.expr, str]:
        operand, kind = self._operand(argument)
        if kind not in _TAKES[name]:
            raise FormulaError(f"{name}() does not take {ast.unparse(argument)!r}, which is {kind}")
        digits = more[0] if more else ast.Constant(0)
        whole = isinstance(digits, ast.Constant) and type(digits.value) is int and digits.value >= 0
        if (more and (name != "round" or len(more) > 1)) or not whole:
            raise FormulaError(f"{name}() takes one column{' and whole digits' * (name == 'round')}")
        arguments = [operand, digits] if name == "round" else [operand]
        return ast.Call(ast.Name(name), arguments, []), FUNCTIONS[name] or kind

    def _arithmetic(self, node: ast.BinOp) -> tuple[ast.expr, str]:
        left, left_kind = self._operand(node.left)
        right, right_kind = self._operand(node.right)
        if isinstance(node.op, ast.Add) and left_kind == right_kind == "text":
            return ast.BinOp(left, node.op, right), "text"
        known = isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.FloorDiv | ast.Mod)
        if not known or not {left_kind, right_kind} <= NUMBERS:
            given = f"{left_kind} and {right_kind}"
            raise FormulaError(f"{ast.unparse(node)!r} is not allowed: it computes with {given}")
        divides = isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)
        if divides and isinstance(right, ast.Constant) and not right.value:
            raise FormulaError(f"{ast.unparse(node)!r} divides by 0")
        sides = ((left, left_kind), (right, right_kind))
        if "decimal" in (left_kind, right_kind) and not any(_varies(*side) for side in sides):
            return ast.BinOp(_exact(left), node.op, _exact(right)), "decimal"
        whole = left_kind == right_kind == "integer" and not isinstance(node.op, ast.Div)
        return ast.BinOp(left, node.op, right), "integer" if whole else "number"

    def _fitted(
        self, one: ast.expr, one_kind: str, other: ast.expr, other_kind: str
    ) -> tuple[ast.expr, ast.expr]:
        """Both sides of a comparison, with a constant turned into what the other side holds."""
        if isinstance(one, ast.Constant):
            return self._as(other_kind, one, one_kind), other
        if isinstance(other, ast.Constant):
            return one, self._as(one_kind, other, other_kind)
        if one_kind != other_kind and not {one_kind, other_kind} <= NUMBERS:
            raise FormulaError(f"{_said(one)} ({one_kind}) does not go with {_said(other)} ({other_kind})")
        return one, other

    def _as(self, kind: str, constant: ast.Constant, given: str) -> ast.Constant:
        if kind == "any" or (kind in NUMBERS and given in NUMBERS):
            return (
                _constant(Decimal(str(constant.value)))
                if kind == "decimal" and given == "number"
                else constant
            )
        if kind == given or (kind in TIMES and given == "text"):
            value = read(kind, constant.value)
            if value is not None:
                return _constant(value)
        raise FormulaError(f"{constant.value!r} is no value of a column that is {kind}")

    def _column(self, identifier: str) -> Column:
        name = self._columns.get(identifier, identifier)
        if name not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            raise FormulaError(f"there is no column {name!r} at this step; there are {known}")
        return Column(name, self._kinds[name])


def _constant_kind(value: object) -> str:
    for kind, types in (("boolean", bool), ("integer", int), ("number", float), ("text", str)):
        if isinstance(value, types):
            return kind
    raise FormulaError(f"the constant {value!r} is not allowed; {ALLOWED}")


def _is_none(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value is None) or (
        isinstance(node, ast.Name) and node.id in ("null", "none")
    )


def _constant(value: Any) -> ast.Constant:
    """A constant of any type of column, not only of those that Python writes as literals."""
    return ast.Constant(value)


def _exact(node: ast.expr) -> ast.expr:
    """A fraction as a decimal; anything else as it is."""
    fraction = isinstance(node, ast.Constant) and isinstance(node.value, float)
    return _constant(Decimal(str(node.value))) if fraction else node  # type: ignore[attr-defined]


def _varies(node: ast.expr, kind: str) -> bool:
    """Whether it is a floating-point number and no constant."""
    return kind == "number" and not isinstance(node, ast.Constant)


def _said(node: ast.expr) -> str:
    return repr(node.name) if isinstance(node, Column) else "a computed value"
