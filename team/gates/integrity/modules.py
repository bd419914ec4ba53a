"""The modules of a tree, parsed, and what the names of their top level stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

MAX_CHARACTERS = 1_000_000

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One parsed file.

    Attributes:
        path: workspace path, POSIX.
        tree: its syntax tree.
        text: what was parsed.
        origins: imported name → dotted name of what it stands for.
        constants: name → value, for names that the top level binds once.
        functions: name → definition at the top level; the last one wins, as it does when the file is run.
    """

    path: str
    tree: ast.Module
    text: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, ast.expr] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)

    @property
    def dotted(self) -> str:
        """The name by which other modules import this one."""
        return dotted_path(self.path)

    def find(self, name: str) -> Function | None:
        """The function or method of a name such as ``Class::method``."""
        body: list[ast.stmt] = self.tree.body
        *classes, function = name.split("::")
        for wanted in classes:
            inner = [node for node in body if isinstance(node, ast.ClassDef) and node.name == wanted]
            body = inner[-1].body if inner else []
        found = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return next((node for node in reversed(found) if node.name == function), None)

    def stands_for(self, node: ast.expr) -> str:
        """The dotted name of an expression such as ``np.testing``, by its import; empty for anything else."""
        if isinstance(node, ast.Name):
            return self.origins.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.stands_for(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""


@lru_cache(maxsize=512)
def read_module(path: str, text: str) -> Module | None:
    """Parse a file; None when it is not Python, or more than is judged."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Module(path, tree, text, dict(_origins(tree, path)), _constants(tree), dict(_functions(tree)))


def dotted_path(path: str) -> str:
    """``src/app/calc.py`` → ``app.calc``."""
    return path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")


def find_module(modules: Iterable[Module], dotted: str) -> Module | None:
    """The module of a dotted name, which may leave out the folders that tests put on the path."""
    wanted = dotted.split(".")
    for module in modules:
        if module.dotted.split(".")[-len(wanted) :] == wanted:
            return module
    return None


def last_name(node: ast.expr) -> str:
    """The last name of a dotted expression or call: ``mark`` for ``@pytest.mark(...)``."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def text_of(node: ast.AST, most: int = 100) -> str:
    """Source text for a message, in one line."""
    text = " ".join(unparsed(node).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def unparsed(node: ast.AST) -> str:
    """Source text; for the few trees that have none, another text that is the same for the same tree."""
    try:
        return ast.unparse(node)
    except (ValueError, RecursionError, AttributeError):
        return ast.dump(node)


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    """Every call below a node."""
    return (child for child in ast.walk(node) if isinstance(child, ast.Call))


def parameters_of(node: Function) -> list[str]:
    """The names of a function's parameters, without `*` and `**`."""
    arguments = node.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _origins(tree: ast.Module, path: str) -> Iterator[tuple[str, str]]:
    package = dotted_path(path).split(".")[:-1] if not path.endswith("__init__.py") else [dotted_path(path)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield alias.asname or alias.name, f"{base}.{alias.name}".lstrip(".")


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    found: dict[str, list[ast.expr]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found.setdefault(node.target.id, []).append(node.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
