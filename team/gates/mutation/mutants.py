"""Small changes of a source file, each of which some test should notice."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from team.gates.integrity.gutting import functions
from team.gates.integrity.modules import Module, last_name, text_of

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_UNTOLD = frozenset({"__repr__", "__str__", "__hash__"})
"""Methods whose results are for people, or may be anything."""
_UNIMPORTANT = frozenset({"debug", "info", "warning", "error", "exception", "log", "print", "warn", "sleep"})


@dataclass(frozen=True)
class Mutant:
    """One change: where, what was and what is, and the whole file with it."""

    path: str
    line: int
    was: str
    now: str
    text: str

    @property
    def name(self) -> str:
        """The same for the same change, and in no order that has to do with the file's."""
        told = f"{self.path}:{self.line}:{self.was}:{self.now}:{len(self.text)}"
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:24]


def mutants_of(module: Module, lines: Collection[int], most: int) -> list[Mutant]:
    """Mutants of these lines, chosen by their content: the same code gives the same.

    Args:
        module: the source.
        lines: those that tests run.
        most: how many are wanted.
    """
    tree = ast.parse(module.text)
    places = [place for place in _places(tree) if place.line in lines]
    places.sort(key=lambda place: hashlib.sha256(f"{module.path} {place.told}".encode()).digest())
    made = (place.mutant(module.path, tree) for place in places[: 2 * most])
    return list({mutant.name: mutant for mutant in made if mutant is not None}.values())[:most]


@dataclass
class _Place:
    """A field of a node that can be exchanged."""

    node: ast.AST
    field: str
    other: object
    shown: ast.AST
    statement: ast.stmt

    @property
    def line(self) -> int:
        return self.statement.lineno

    @property
    def told(self) -> str:
        column = getattr(self.shown, "col_offset", 0)
        return f"{self.line} {column} {self.field} {type(self.other).__name__} {text_of(self.shown)}"

    def mutant(self, path: str, tree: ast.Module) -> Mutant | None:
        """The file with this one change; the tree is put back."""
        before = getattr(self.node, self.field)
        was = text_of(self.shown, 80)
        setattr(self.node, self.field, self.other)
        try:
            now, text = text_of(self.shown, 80), ast.unparse(tree) + "\n"
        finally:
            setattr(self.node, self.field, before)
        return Mutant(path, self.line, was, now, text) if was != now else None


def _places(tree: ast.Module) -> Iterator[_Place]:
    for function in functions(tree):
        if function.name not in _UNTOLD:
            yield from _in_body(function.body)


def _in_body(body: list[ast.stmt]) -> Iterator[_Place]:
    for node in body:
        if isinstance(node, ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.Pass):
            continue
        if isinstance(node, ast.If) and any(w in text_of(node.test) for w in ("TYPE_CHECKING", "__main__")):
            continue
        yield from _of_statement(node)
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                yield from _in_body(inner)
        for handler in getattr(node, "handlers", ()):
            yield from _in_body(handler.body)
        for case in getattr(node, "cases", ()):
            yield from _in_body(case.body)


def _of_statement(node: ast.stmt) -> Iterator[_Place]:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield _Place(node, "value", ast.Constant(value=None), node, node)
    if isinstance(node, ast.AugAssign) and type(node.op) in _COMPUTED:
        yield _Place(node, "op", _COMPUTED[type(node.op)](), node, node)
    if isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Name | ast.Attribute | ast.Call):
        yield _Place(node, "test", ast.UnaryOp(op=ast.Not(), operand=node.test), node.test, node)
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.expr | ast.withitem):
                yield from _in_expression(part, node)


def _in_expression(node: ast.AST, statement: ast.stmt) -> Iterator[_Place]:
    if isinstance(node, ast.Call) and last_name(node) in _UNIMPORTANT | {"cast", "TypeVar"}:
        return
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            yield _Place(node, "ops", [_COMPARED[type(op)]()], node, statement)
        case ast.BinOp(op=op) if type(op) in _COMPUTED and not _is_text(node):
            yield _Place(node, "op", _COMPUTED[type(op)](), node, statement)
        case ast.BoolOp(op=op):
            yield _Place(node, "op", ast.Or() if isinstance(op, ast.And) else ast.And(), node, statement)
        case ast.Constant(value=bool() as value):
            yield _Place(node, "value", not value, node, statement)
        case ast.Constant(value=int() | float() as value):
            yield _Place(node, "value", value + 1, node, statement)
    for child in ast.iter_child_nodes(node):
        if not isinstance(
            child, ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.FormattedValue
        ):
            yield from _in_expression(child, statement)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.BinOp) -> bool:
    """Texts and lists cannot be subtracted: such a mutant only crashes."""
    return any(
        isinstance(side, ast.JoinedStr | ast.List | ast.Tuple)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes))
        for side in (node.left, node.right)
    )
