"""Business rules as Python conditions: when is a rule broken, as a person would write it."""

from __future__ import annotations

import ast
import datetime as dt
import uuid
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from team.specs.evaluation import EnumValue
from team.specs.expressions import Expression

EnumMember = Callable[[str, str], str]
"""A field and one of its values → the expression for it, such as ``InvoiceStatus.PAID``."""

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq,
}  # fmt: skip


def broken(expression: Expression, nullable: Collection[str], member: EnumMember) -> str:
    """The condition under which an object (``self``) certainly breaks a rule, as Python source.

    Args:
        expression: the checked rule.
        nullable: the fields that may be None.
        member: how a value of an enum field is written.
    """
    writer = _Writer(frozenset(nullable), member)
    return ast.unparse(ast.fix_missing_locations(writer.certain(expression.tree, False, frozenset())))


class _Writer:
    def __init__(self, nullable: frozenset[str], member: EnumMember) -> None:
        self._nullable = nullable
        self._member = member

    def certain(self, node: ast.expr, wanted: bool, known: frozenset[str]) -> ast.expr:
        """The condition under which `node` is certainly `wanted`; the fields in `known` are not None."""
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self.certain(inner, not wanted, known)
            case ast.BoolOp(op=op, values=parts):
                return self._chain(isinstance(op, ast.And) is wanted, parts, wanted, known)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._comparison(left, op, right, wanted, known)
        value = self._operand(node)
        return value if wanted else ast.UnaryOp(ast.Not(), value)

    def _chain(self, every: bool, parts: list[ast.expr], wanted: bool, known: frozenset[str]) -> ast.expr:
        """All parts, or one of them; what earlier parts say about None holds for the later ones."""
        joined: list[ast.expr] = []
        for part in parts:
            made = self.certain(part, wanted, known)
            same = isinstance(made, ast.BoolOp) and isinstance(made.op, ast.And) is every
            flat = made.values if isinstance(made, ast.BoolOp) and same else [made]
            joined += flat
            known |= {name for each in flat if (name := _tells_none(each, ast.IsNot if every else ast.Is))}
        return ast.BoolOp(ast.And() if every else ast.Or(), joined)

    def _comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, wanted: bool, known: frozenset[str]
    ) -> ast.expr:
        guarded = self._may_be_unknown(left, op, right) - known
        if isinstance(left, ast.Constant) and type(op) in _MIRRORED:
            left, op, right = right, _MIRRORED[type(op)](), left
        if isinstance(right, ast.Constant) and isinstance(right.value, bool):
            op = ast.Is() if isinstance(op, ast.Eq) else ast.IsNot()
        op = op if wanted else _OPPOSITE[type(op)]()
        comparison = ast.Compare(self._operand(left), [op], [self._operand(right)])
        if not guarded:
            return comparison
        order = [name for name in _names(left) + _names(right) if name in guarded]
        return ast.BoolOp(ast.And(), [*map(_is_there, dict.fromkeys(order)), comparison])

    def _may_be_unknown(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> frozenset[str]:
        """The fields whose being None makes the comparison unknown."""
        lenient = isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) or isinstance(right, ast.Tuple)
        sides = [side for side in (left, right) if not (lenient and isinstance(side, ast.Name))]
        return self._nullable & {name for side in sides for name in _names(side)}

    def _operand(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Name(id=name):
                return ast.Attribute(ast.Name("self"), name)
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.Tuple(elts=elements):
                return ast.Tuple([self._operand(element) for element in elements])
            case ast.UnaryOp(op=op, operand=inner):
                return ast.UnaryOp(op, self._operand(inner))
            case ast.BinOp(left=left, op=operation, right=right):
                return ast.BinOp(self._operand(left), operation, self._operand(right))
            case ast.Call(func=function, args=[argument]):
                return ast.Call(function, [self._operand(argument)], [])
        raise AssertionError(f"unchecked node {ast.dump(node)}")

    def _constant(self, value: Any) -> ast.expr:
        if isinstance(value, EnumValue):
            return _source(self._member(value.field, value.value))
        return _source(python_value(value))


def python_value(value: Any) -> str:
    """A value as Python source, with the imports that the drafts make (``dt``, ``Decimal``, ``UUID``)."""
    match value:
        case Decimal():
            return f'Decimal("{value}")'
        case uuid.UUID():
            return f'UUID("{value}")'
        case dt.datetime():
            parts = [value.year, value.month, value.day, value.hour, value.minute, value.second]
            parts += [value.microsecond] if value.microsecond else []
            return f"dt.datetime({', '.join(map(str, parts))}, tzinfo=dt.UTC)"
        case dt.date():
            return f"dt.date({value.year}, {value.month}, {value.day})"
    return repr(value)


def _source(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _names(node: ast.expr) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id != "len"]


def _is_there(name: str) -> ast.expr:
    return ast.Compare(ast.Attribute(ast.Name("self"), name), [ast.IsNot()], [ast.Constant(None)])


def _tells_none(node: ast.expr, op: type[ast.cmpop]) -> str | None:
    """The field of a condition ``self.x is (not) None``."""
    match node:
        case ast.Compare(
            left=ast.Attribute(attr=name), ops=[found], comparators=[ast.Constant(value=None)]
        ) if isinstance(found, op):
            return name
    return None
