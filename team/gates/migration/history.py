"""The history of a tree's migrations, read from their source: nothing of it is run."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from team.gates.base import Finding
from team.gates.integrity.modules import Function, Module, read_module
from team.gates.trees import read_plain


@dataclass(frozen=True)
class Revision:
    """One revision: its name, those it follows, and where it stands."""

    name: str
    follows: tuple[str, ...]
    module: Module

    @property
    def file(self) -> str:
        """Its workspace path."""
        return self.module.path

    def line(self, function: str, *words: str) -> int | None:
        """Where a function mentions all the words, else where it begins."""
        found = self.module.functions.get(function)
        if found is None:
            return None
        return next(_mentions(found, words), found.lineno) if words else found.lineno


def revisions(root: Path, sources: Iterable[str]) -> list[Revision]:
    """All revisions among the sources, in the order of their paths."""
    found = []
    for path in sorted(sources):
        module = _module(root, path)
        if module is None:
            continue
        values = dict(_assigned(module.tree))
        name = values.get("revision")
        if isinstance(name, str) and "down_revision" in values and "upgrade" in module.functions:
            below = values["down_revision"]
            follows = (below,) if isinstance(below, str) else tuple(below or ())
            found.append(Revision(name, tuple(map(str, follows)), module))
    return found


def table_file(root: Path, sources: Iterable[str]) -> tuple[str, int] | None:
    """The first source that describes a table of SQLAlchemy's, and the line."""
    for path in sorted(sources):
        module = _module(root, path)
        if module is None or not any(name.startswith("sql") for name in module.origins.values()):
            continue
        for node in ast.walk(module.tree):
            if _is_table(module, node):
                return path, getattr(node, "lineno", 1)
    return None


def chain(found: Iterable[Revision]) -> list[str]:
    """The revisions from the oldest to the newest; empty where they are no chain."""
    above = {revision.follows[0] if revision.follows else "": revision for revision in found}
    names: list[str] = []
    while (revision := above.get(names[-1] if names else "")) is not None:
        names.append(revision.name)
        if len(names) > len(above):
            return []
    return names if len(names) == len(list(found)) else []


def faults(found: list[Revision]) -> Iterator[Finding]:
    """What is wrong with the history as a whole."""
    names = Counter(revision.name for revision in found)
    followed = {name for revision in found for name in revision.follows}
    for revision in found:
        if names[revision.name] > 1:
            yield _finding(revision, "duplicate", f"revision {revision.name} is there more than once")
        for below in revision.follows:
            if below not in names:
                text = f"revision {revision.name} follows {below}, which is not there"
                yield _finding(revision, "broken-chain", text)
    heads = [revision for revision in found if revision.name not in followed]
    if found and not heads:
        yield _finding(found[0], "broken-chain", "the revisions follow each other in a circle")
    if len(heads) > 1:
        others = ", ".join(head.name for head in heads)
        text = f"there are several newest revisions ({others}), and `alembic upgrade head` takes one only: "
        yield _finding(heads[-1], "several-heads", text + "let one follow the other, or merge them")
    bases = [revision for revision in found if not revision.follows]
    if heads and len(bases) > 1:
        text = f"revision {bases[-1].name} follows nothing, as {bases[0].name} does: let it follow another"
        yield _finding(bases[-1], "broken-chain", text)


def _finding(revision: Revision, rule: str, message: str) -> Finding:
    line = next(
        (
            node.lineno
            for node in revision.module.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and "revision" in ast.unparse(node)[:14]
        ),
        1,
    )
    return Finding(file=revision.file, line=line, rule=rule, message=message)


def _module(root: Path, path: str) -> Module | None:
    content = read_plain(root / path)
    return read_module(path, content.decode("utf-8", "replace")) if content is not None else None


def _assigned(tree: ast.Module) -> Iterator[tuple[str, str | tuple[str, ...] | None]]:
    """Names and values of plain assignments at the top."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        match value:
            case ast.Constant(value=str() | None as constant):
                yield name, constant
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                yield name, tuple(str(each.value) for each in parts if isinstance(each, ast.Constant))


def _mentions(function: Function, words: Iterable[str]) -> Iterator[int]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            texts = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            if texts >= set(words):
                yield node.lineno


def _is_table(module: Module, node: ast.AST) -> bool:
    match node:
        case ast.ClassDef(keywords=keywords):
            named = any(isinstance(n, ast.Name) and n.id == "__tablename__" for n in _targets(node))
            return named or any(keyword.arg == "table" for keyword in keywords)
        case ast.Call(func=function):
            return module.stands_for(function).rpartition(".")[2] == "Table"
    return False


def _targets(node: ast.ClassDef) -> Iterator[ast.expr]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            yield from statement.targets
        elif isinstance(statement, ast.AnnAssign):
            yield statement.target


def by_name(found: Iterable[Revision]) -> Mapping[str, Revision]:
    """The revisions by their names."""
    return {revision.name: revision for revision in found}
