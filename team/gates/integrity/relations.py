"""One assertion: how what is tested and what is expected of it are related, and which test demands it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from team.gates.integrity.canonical import Env, canonical, resolved
from team.gates.integrity.modules import Module, last_name, unparsed

LONGEST_CASE = 120
"""Characters; a longer case of parameters is not repeated beside its assertion."""

_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "in": "contains", "not in": "lacks"}
_SHOWN = frozenset({"==", "!=", "is", "is not", "in", "not in", "<", "<=", ">", ">="})
_NEGATED = {"==": "!=", "!=": "==", "is": "is not", "is not": "is", "in": "not in", "not in": "in"}

_UNITTEST = {
    "assertEqual": "==", "assertEquals": "==", "assertListEqual": "==", "assertDictEqual": "==",
    "assertTupleEqual": "==", "assertSetEqual": "==", "assertSequenceEqual": "==",
    "assertMultiLineEqual": "==", "assertNotEqual": "!=", "assertIs": "is", "assertIsNot": "is not",
    "assertIn": "in", "assertNotIn": "not in", "assertLess": "<", "assertLessEqual": "<=",
    "assertGreater": ">", "assertGreaterEqual": ">=", "assertIsInstance": "isinstance",
}  # fmt: skip
_PLAIN = frozenset(
    {
        "approx", "set", "list", "tuple", "dict", "frozenset", "sorted", "str", "int", "float", "bool",
        "bytes", "Decimal", "Fraction", "date", "datetime", "time", "timedelta", "range", "len", "repr",
        "Path", "UUID", "Counter", "array", "Timestamp", "Series", "DataFrame",
    }
)  # fmt: skip
"""Calls that only make a value: what they make is expected, not tested."""


@dataclass(frozen=True)
class Relation:
    """`subject` stands in relation `sign` to `expected`; `detail` is a tolerance or a pattern."""

    sign: str
    subject: str
    expected: str = ""
    detail: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether it leaves the subject a single value."""
        return self.sign in ("==", "is") and not self.detail


@dataclass(frozen=True)
class Demand:
    """One assertion.

    Attributes:
        test: ``path::Class::name`` of its test.
        relation: what it says, in canonical form.
        guards: the conditions under which it is made at all.
        line: where it stands.
        text: how it is written.
    """

    test: str
    relation: Relation
    guards: frozenset[str]
    line: int
    text: str

    @property
    def file(self) -> str:
        """The test's file."""
        return self.test.partition("::")[0]

    def __str__(self) -> str:
        """How it is written, and the case of its parameters that is meant."""
        relation = self.relation
        case = f"{relation.subject} {relation.sign} {relation.expected}".strip()
        plain = self.text.removeprefix("assert ").replace("'", "").replace('"', "")
        same = len(case) > LONGEST_CASE or case.replace("'", "") == plain or relation.sign not in _SHOWN
        return f"`{self.text}`" if same else f"`{self.text}` for `{case}`"


def relations_of(node: ast.expr, env: Env, module: Module) -> list[Relation]:
    """What an asserted expression, or a call of an assertion, says."""
    if isinstance(node, ast.Call) and last_name(node).lower().startswith("assert"):
        return [_call(node, env, module)]
    return list(_of_expression(node, env, module))


def _of_expression(node: ast.expr, env: Env, module: Module) -> Iterator[Relation]:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            for value in values:
                yield from _of_expression(value, env, module)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Compare(ops=[op]) as inner) if (
            _SIGNS[type(op)] in _NEGATED
        ):
            sign = _NEGATED[_SIGNS[type(op)]]
            yield _compared(inner.left, sign, inner.comparators[0], env, module)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield Relation("false", canonical(operand, env, module))
        case ast.Compare():
            left = node.left
            for op, right in zip(node.ops, node.comparators, strict=True):
                yield _compared(left, _SIGNS[type(op)], right, env, module)
                left = right
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, kind]):
            yield Relation("isinstance", canonical(subject, env, module), canonical(kind, env, module))
        case _:
            yield Relation("true", canonical(node, env, module))


def _compared(left: ast.expr, sign: str, right: ast.expr, env: Env, module: Module) -> Relation:
    first, second = resolved(left, env, module), resolved(right, env, module)
    if not _does_something(first) and _does_something(second):
        first, second, sign = second, first, _MIRRORED.get(sign, sign)
    if isinstance(second, ast.Constant) and sign == "==" and isinstance(second.value, bool):
        sign = "is"
    expected, detail = _without_tolerance(second)
    return Relation(sign, unparsed(first), unparsed(expected), detail)


def _does_something(node: ast.expr) -> bool:
    """Whether an expression reaches beyond plain values: a call, an attribute, an item of something."""
    for child in ast.walk(node):
        if isinstance(child, ast.Call) and last_name(child) not in _PLAIN:
            return True
        if isinstance(child, ast.Name) and (child.id == "_" or "(" in child.id or "." in child.id):
            plain = child.id.rpartition(".")[2] in _PLAIN
            if not plain:
                return True
    return False


def _without_tolerance(node: ast.expr) -> tuple[ast.expr, str]:
    """The value within `approx`, and its tolerance."""
    if isinstance(node, ast.Call) and last_name(node) == "approx" and node.args:
        given = {k.arg: unparsed(k.value) for k in node.keywords if k.arg}
        given |= dict(zip(("rel", "abs"), map(unparsed, node.args[1:3]), strict=False))
        parts = [f"{name}={given[name]}" for name in sorted(given)]
        return node.args[0], f"approx({', '.join(parts)})"
    return node, ""


def _call(node: ast.Call, env: Env, module: Module) -> Relation:
    name, arguments = last_name(node), node.args
    if name in _UNITTEST and len(arguments) > 1:
        return _compared(arguments[0], _UNITTEST[name], arguments[1], env, module)
    if name in ("assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone") and arguments:
        return _unary(name, arguments[0], env, module)
    texts: Sequence[str] = [canonical(argument, env, module) for argument in arguments]
    keywords = [f"{k.arg}={canonical(k.value, env, module)}" for k in node.keywords if k.arg]
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    subject = canonical(owner, env, module) if owner is not None else ""
    if texts and subject in ("", "_", "numpy.testing", "pandas.testing", "self"):
        subject, texts = texts[0], texts[1:]
    return Relation(name, subject, ", ".join(texts), ", ".join(sorted(keywords)))


def _unary(name: str, argument: ast.expr, env: Env, module: Module) -> Relation:
    if name == "assertTrue":
        return next(_of_expression(argument, env, module))
    if name == "assertFalse":
        return Relation("false", canonical(argument, env, module))
    sign = "is" if name == "assertIsNone" else "is not"
    return _compared(argument, sign, ast.Constant(value=None), env, module)


def tolerances(detail: str) -> dict[str, float]:
    """The widest allowed deviations of `approx`, with pytest's own where none is written."""
    if not detail.startswith("approx("):
        return {"rel": 0.0, "abs": 0.0}
    found = {"rel": 1e-6, "abs": 1e-12}
    inside = detail.removeprefix("approx(").removesuffix(")")
    for part in inside.split(", ") if inside else ():
        name, _, value = part.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = float("inf")
    if "abs=" in inside and "rel=" not in inside:
        found["rel"] = 0.0
    return found
