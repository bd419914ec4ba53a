"""Source code that looks at its tests: at their files, or whether there are any."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from team.gates.base import Finding
from team.gates.integrity.modules import Module, last_name, text_of

_LOOKING = frozenset(
    {
        "isdir", "isfile", "exists", "is_dir", "is_file", "listdir", "scandir", "walk", "glob", "rglob",
        "iterdir", "open", "read_text", "read_bytes", "stat", "getmtime",
    }
)  # fmt: skip


def spying(module: Module, tests: Collection[str]) -> Iterator[Finding]:
    """Findings about one source file.

    Args:
        module: the source.
        tests: the paths of the test files.
    """
    names = {path.rpartition("/")[2] for path in tests} - {"__init__.py", "conftest.py"}
    words = {*tests, *names, *(name.removesuffix(".py") for name in names)}
    folders = {path.partition("/")[0] for path in tests if "/" in path}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and last_name(node) in _LOOKING:
            texts = {text.rstrip("/") for part in ast.walk(node) for text in _texts(part)}
            if texts & (folders | words) or any(text.startswith(tuple(tests)) for text in texts):
                yield _finding(module, node)
        elif any(text in words - {"test"} for text in _texts(node)):
            yield _finding(module, node)


def _texts(node: ast.AST) -> Iterator[str]:
    """A constant's text, without what says that it is a path from here."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.removeprefix("./")


def _finding(module: Module, node: ast.AST) -> Finding:
    message = f"`{text_of(node)}` looks at the tests: the code must do the same with and without them"
    line = getattr(node, "lineno", None)
    return Finding(file=module.path, line=line, rule="asks-for-tests", severity="critical", message=message)
