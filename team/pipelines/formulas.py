"""Formulas over columns: conditions of a filter and expressions of a derived column.

They are a small, safe part of Python. A value that is missing is never less or greater than another, whether
or not there is a ``not`` before, and is equal to nothing; whatever is computed from it is missing, too. So is
a quotient by 0.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass

from team.pipelines.formula_types import ALLOWED, CONSTANTS, FUNCTIONS, Checker, FormulaError

MAX_LENGTH = 500
"""Characters of a formula."""

_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Formula:
    """A parsed formula. Its names stand for columns; constants are not yet fitted to their types."""

    text: str
    tree: ast.expr
    columns: Mapping[str, str]
    """Identifier in the tree → name of the column."""

    @classmethod
    def parse(cls, text: str) -> Formula:
        """Parse a formula; a column whose name is no identifier stands in backquotes.

        Raises:
            FormulaError: it is no formula at all.
        """
        if len(text) > MAX_LENGTH:
            raise FormulaError(f"it is longer than {MAX_LENGTH} characters")
        names: dict[str, str] = {}

        def stand_in(match: re.Match[str]) -> str:
            name = match[1]
            identifier = (
                name if name.isidentifier() and not keyword.iskeyword(name) else f"column_{len(names)}_"
            )
            names[identifier] = name
            return f" {identifier} "

        try:
            tree = ast.parse(_QUOTED.sub(stand_in, text).replace("\n", " ").strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise FormulaError(f"it is not an expression; {ALLOWED}") from error
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in (*CONSTANTS, *FUNCTIONS):
                names.setdefault(node.id, node.id)
        return cls(text, tree, names)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it needs, sorted."""
        return tuple(sorted(set(self.columns.values())))

    def numeric_names(self) -> set[str]:
        """Columns that must hold numbers: they are computed with, or compared with a number."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.BinOp) and not _joins_text(node):
                found |= _direct(node.left) | _direct(node.right)
            elif isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                sides += [each for side in sides for each in getattr(side, "elts", [])]
                if any(_is_number(side) for side in sides):
                    found |= {name for side in sides for name in _direct(side)}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                found |= _direct(node.args[0]) if node.func.id in ("abs", "round") else set()
        return {self.columns[name] for name in found if name in self.columns}

    def condition(self, kinds: Mapping[str, str]) -> ast.expr:
        """The formula as a checked condition without ``not``, over columns of these types.

        Raises:
            FormulaError: with what is wrong and what is allowed.
        """
        return Checker(self.columns, kinds).condition(self.tree)

    def value(self, kinds: Mapping[str, str]) -> tuple[ast.expr, str]:
        """The formula as a checked expression, and the type of what it gives.

        Raises:
            FormulaError: with what is wrong and what is allowed.
        """
        return Checker(self.columns, kinds).value(self.tree)


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _direct(node: ast.expr) -> set[str]:
    return {node.id} if isinstance(node, ast.Name) else set()


def _joins_text(node: ast.BinOp) -> bool:
    """Whether a sum has a text constant in it."""
    return isinstance(node.op, ast.Add) and any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node)
    )
