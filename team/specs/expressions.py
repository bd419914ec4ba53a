"""Business rules as expressions: a small, safe part of Python over the fields of an entity.

A rule is broken only when it is certainly false. Where a missing value (None) is ordered, measured or
computed with, the comparison is unknown, and so does not break the rule; ``==``, ``!=``, ``in`` and
``is`` treat None as Python does.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from team.specs.base import suggestion
from team.specs.evaluation import ARITHMETIC, ORDER, EnumValue, truth
from team.specs.values import MAX_INTEGER, NUMBER_TYPES, TEXT_TYPES, TIME_TYPES, convert

MAX_LENGTH = 500


class ExpressionError(ValueError):
    """The text is no expression of the allowed kind, or does not fit the fields."""


class FieldLike(Protocol):
    """What an expression has to know of a field."""

    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def values(self) -> tuple[str, ...]: ...  # noqa: D102


_CONSTANTS = {"true": True, "false": False, "null": None, "none": None}
_ALLOWED = "allowed: field names, constants, comparisons, and, or, not, in, + - * / // %, len()"


@dataclass(frozen=True)
class Expression:
    """A parsed rule. `tree` holds only checked nodes; its constants are what Python holds for the field."""

    text: str
    tree: ast.expr
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, fields: Mapping[str, FieldLike]) -> Expression:
        """Parse and check a rule against the fields.

        Raises:
            ExpressionError: with what is wrong and what is allowed.
        """
        checker = _Checker(fields)
        tree = checker.condition(_parse(text))
        return cls(text, tree, tuple(dict.fromkeys(checker.names)))

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the values keep the rule; enum values are given as text."""
        return truth(self.tree, values) is not False


def looks_like_expression(text: str) -> bool:
    """Whether a rule without further marks is meant as an expression rather than as prose."""
    try:
        tree = _parse(text)
    except ExpressionError:
        return False
    return any(isinstance(node, ast.Compare) and _is_code(node) for node in ast.walk(tree))


def _is_code(node: ast.Compare) -> bool:
    """Whether a comparison is none that English makes too: "status is final", "paid in advance"."""
    right = node.comparators[0]
    if isinstance(node.ops[0], ast.Is | ast.IsNot):
        return _is_none(right)
    if isinstance(node.ops[0], ast.In | ast.NotIn):
        return isinstance(right, ast.Tuple | ast.List | ast.Set) or isinstance(node.left, ast.Constant)
    return True


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"it is longer than {MAX_LENGTH} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.replace("\n", " ").strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"it is not an expression; {_ALLOWED}") from error


class _Checker:
    """Checks the nodes of one expression and turns its constants into what the fields hold."""

    def __init__(self, fields: Mapping[str, FieldLike]) -> None:
        self._fields = fields
        self.names: list[str] = []

    def condition(self, node: ast.expr) -> ast.expr:
        """Check what stands where true or false is wanted."""
        if isinstance(node, ast.BoolOp):
            return ast.BoolOp(node.op, [self.condition(value) for value in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ast.UnaryOp(node.op, self.condition(node.operand))
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Name) and self._field(node.id).type == "boolean":
            return node
        raise ExpressionError(f"{ast.unparse(node)!r} is neither true nor false; compare it with something")

    def _comparison(self, node: ast.Compare) -> ast.expr:
        sides = [node.left, *node.comparators]
        pairs = [
            self._pair(left, op, right) for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return pairs[0] if len(pairs) == 1 else ast.BoolOp(ast.And(), list(pairs))

    def _pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
        if isinstance(op, ast.In | ast.NotIn):
            return ast.Compare(*self._membership(left, op, right))
        if _is_none(left) or _is_none(right):
            return self._presence(right if _is_none(left) else left, op)
        if isinstance(op, ast.Is | ast.IsNot):
            raise ExpressionError("'is' only goes with None; use == or !=")
        left, left_kind = self._operand(left)
        right, right_kind = self._operand(right)
        left, right, kind = self._same_kind(left, left_kind, right, right_kind)
        if type(op) in ORDER and kind not in NUMBER_TYPES | TEXT_TYPES | TIME_TYPES:
            raise ExpressionError(f"{kind} values have no order")
        if kind == "json":
            raise ExpressionError("json can only be compared with None")
        return ast.Compare(left, [op], [right])

    def _presence(self, node: ast.expr, op: ast.cmpop) -> ast.expr:
        if not isinstance(node, ast.Name) or type(op) in ORDER:
            raise ExpressionError("only a field can be None, and None has no order")
        self._field(node.id)
        same = isinstance(op, ast.Is | ast.Eq)
        return ast.Compare(node, [ast.Is() if same else ast.IsNot()], [ast.Constant(None)])

    def _membership(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> tuple[Any, Any, Any]:
        left, kind = self._operand(left)
        if isinstance(right, ast.Tuple | ast.List | ast.Set) and right.elts:
            members = []
            for element in right.elts:
                constant, constant_kind = self._operand(element)
                if not isinstance(constant, ast.Constant):
                    raise ExpressionError("in takes a list of constants")
                left, constant, kind = self._same_kind(left, kind, constant, constant_kind)
                members.append(constant)
            if isinstance(left, ast.Constant):
                raise ExpressionError("left of in stands a field")
            return left, [op], [ast.Tuple(members, ast.Load())]
        right, right_kind = self._operand(right)
        if kind not in TEXT_TYPES or right_kind not in TEXT_TYPES or isinstance(right, ast.Constant):
            raise ExpressionError("in takes a list of constants, or looks for text in a text field")
        return left, [op], [right]

    def _operand(self, node: ast.expr) -> tuple[ast.expr, str]:
        if isinstance(node, ast.Name) and node.id in _CONSTANTS and node.id not in self._fields:
            node = ast.Constant(_CONSTANTS[node.id])
        match node:
            case ast.Name(id=name):
                return node, self._field(name).type
            case ast.Constant(value=value):
                return node, _constant_kind(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return ast.Constant(-value), _constant_kind(value)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                inner, kind = self._operand(inner)
                if kind in NUMBER_TYPES:
                    return ast.UnaryOp(ast.USub(), inner), kind
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name() as argument], keywords=[]):
                if self._field(argument.id).type in TEXT_TYPES:
                    return node, "integer"
                raise ExpressionError(f"len() takes a text field, and {argument.id!r} is none")
        raise ExpressionError(f"{ast.unparse(node)!r} is not allowed; {_ALLOWED}")

    def _arithmetic(self, node: ast.BinOp) -> tuple[ast.expr, str]:
        left, left_kind = self._operand(node.left)
        right, right_kind = self._operand(node.right)
        if type(node.op) not in ARITHMETIC or not {left_kind, right_kind} <= NUMBER_TYPES:
            raise ExpressionError(f"{ast.unparse(node)!r} is not allowed; {_ALLOWED}")
        divides = isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)
        if divides and not (isinstance(right, ast.Constant) and right.value):
            raise ExpressionError("a divisor must be a constant other than 0")
        left, right, kind = self._same_kind(left, left_kind, right, right_kind)
        if isinstance(node.op, ast.Div) and kind == "integer":
            kind = "number"
        return ast.BinOp(left, node.op, right), kind

    def _same_kind(
        self, left: ast.expr, left_kind: str, right: ast.expr, right_kind: str
    ) -> tuple[ast.expr, ast.expr, str]:
        if isinstance(left, ast.Constant) and not isinstance(right, ast.Constant):
            return self._as(right_kind, left, left_kind, right), right, right_kind
        if isinstance(right, ast.Constant):
            return left, self._as(left_kind, right, right_kind, left), left_kind
        kinds = {left_kind, right_kind}
        if kinds <= TEXT_TYPES or (len(kinds) == 1 and left_kind != "enum"):
            return left, right, left_kind
        if kinds == {"integer", "number"} or kinds == {"integer", "decimal"}:
            return left, right, (kinds - {"integer"}).pop()
        given = f"{ast.unparse(left)!r} ({left_kind})"
        raise ExpressionError(f"{given} does not go with {ast.unparse(right)!r} ({right_kind})")

    def _as(self, kind: str, constant: ast.Constant, given: str, other: ast.expr) -> ast.Constant:
        """Turn a constant into what the other side holds."""
        if given == "integer" and kind in NUMBER_TYPES:
            return constant
        if given == "number" and kind in ("integer", "number"):
            return constant
        try:
            if kind == "enum" and isinstance(other, ast.Name):
                value = convert("enum", constant.value, self._field(other.id).values)
                return ast.Constant(EnumValue(other.id, value))  # type: ignore[arg-type]
            return ast.Constant(convert("string" if kind in TEXT_TYPES else kind, constant.value))
        except ValueError as error:
            raise ExpressionError(f"{ast.unparse(other)!r} is of type {kind}: {error}") from error

    def _field(self, name: str) -> FieldLike:
        if name not in self._fields:
            raise ExpressionError(f"unknown name {name!r}; {suggestion(name, self._fields)}")
        self.names.append(name)
        return self._fields[name]


def _constant_kind(value: object) -> str:
    for kind, types in (("boolean", bool), ("integer", int), ("number", float), ("string", str)):
        if isinstance(value, types) and not (isinstance(value, int | float) and abs(value) > MAX_INTEGER):
            return kind
    raise ExpressionError(f"the constant {value!r} is not allowed; {_ALLOWED}")


def _is_none(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in ("null", "none")
    return isinstance(node, ast.Constant) and node.value is None
