"""Reads Python files without running them and reports what it saw, one JSON line per step.

Runs in a bounded process of its own: hostile source may crash or exhaust a parser. Each file is
announced before it is read, so that a crash names its file.
Input (stdin): ``{"files": [...]}``, paths relative to the working directory.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coverage.parser import PythonParser

MAX_BYTES = 1_000_000
MAX_DEPTH = 150
MAX_IMPORTS = 300
MAX_IMPORTED = 2000

SUPPRESSIONS = (
    ("type-ignore", re.compile(r"#\s*type:\s*ignore\b(?P<detail>\[[^\]]*\])?")),
    ("mypy", re.compile(r"#\s*mypy:\s*(?P<detail>\S.*)")),
    ("noqa", re.compile(r"#\s*(?:ruff:\s*|flake8:\s*)?noqa\b(?P<detail>.*)", re.IGNORECASE)),
    ("nosec", re.compile(r"#\s*nosec\b(?P<detail>.*)", re.IGNORECASE)),
    ("pragma", re.compile(r"#\s*pragma:\s*no\s*(?P<detail>cover|branch)", re.IGNORECASE)),
)


class Unreadable(Exception):
    """The file is no Python that we take; the line may be None."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def main() -> None:
    """Report on every file, in the order given."""
    warnings.simplefilter("ignore")
    for path in json.load(sys.stdin)["files"]:
        say({"reading": path})
        try:
            say({"file": path, **read(path)})
        except Unreadable as problem:
            say({"file": path, "error": {"line": problem.line, "message": str(problem)}})


def say(fact: dict[str, Any]) -> None:
    """One line of the report, written at once."""
    print(json.dumps(fact), flush=True)


def read(path: str) -> dict[str, Any]:
    """What the gates need to know of one file."""
    text = decoded(Path(path).read_bytes())
    tree = parsed(text, path)
    parser = PythonParser(text=text, filename=path)
    parser.parse_source()
    lines = range(1, text.count("\n") + 2)
    return {
        "statements": sorted(parser.statements),
        "first_lines": {line: parser.first_line(line) for line in lines if parser.first_line(line) != line},
        "tests": sorted(set(expected_tests(tree))),
        "imports": sorted(set(imports(tree)))[:MAX_IMPORTS],
        "imported": sorted(set(imported(tree)))[:MAX_IMPORTED],
        "suppressions": sorted(suppressions(text, tree)),
    }


def decoded(data: bytes) -> str:
    """The text of a file, which must be UTF-8 and say nothing else of itself."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has {len(data)} bytes; {MAX_BYTES} are the most that is judged")
    if b"\0" in data:
        raise Unreadable("the file holds a NUL byte", data[: data.index(b"\0")].count(b"\n") + 1)
    try:
        text = data.decode("utf-8-sig")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except UnicodeDecodeError as error:
        raise Unreadable("the file is not UTF-8", data[: error.start].count(b"\n") + 1) from error
    except SyntaxError as error:
        raise Unreadable(str(error), 1) from error
    if encoding not in ("utf-8", "utf-8-sig", "ascii"):
        raise Unreadable(f"the file declares the encoding {encoding}; only UTF-8 is judged", 1)
    return text


def parsed(text: str, path: str) -> ast.Module:
    """The syntax tree, once the whole compiler took the text."""
    try:
        tree = ast.parse(text, path)
        compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Unreadable(error.msg or "invalid syntax", error.lineno) from error
    except ValueError as error:
        raise Unreadable(str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise Unreadable("the code is nested too deeply to be compiled") from error
    deepest, line = depth(tree)
    if deepest > MAX_DEPTH:
        raise Unreadable(f"the code is nested {deepest} levels deep; {MAX_DEPTH} is the most", line)
    return tree


def depth(tree: ast.AST) -> tuple[int, int | None]:
    """The depth of the tree and a line where it is reached, found without recursion."""
    deepest, line = 0, None
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, level = stack.pop()
        if level > deepest:
            deepest, line = level, getattr(node, "lineno", line)
        stack.extend((child, level + 1) for child in ast.iter_child_nodes(node))
    return deepest, line


def imports(tree: ast.Module) -> Iterator[str]:
    """The imports of other packages, as statements made anew from nothing but the names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"from {node.module} import {alias.name}" for alias in node.names)


def imported(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """What a module imports in any way that can be read: line, dotted name, and how surely it does.

    Sure is `always`; `optional` has a way out when the module is missing, `typing` is never run. Of
    ``from a import b`` the name is ``a.b``: what `a` is decides whether `b` is a module.
    """
    stack: list[tuple[ast.AST, str]] = [(tree, "always")]
    dynamic = {"import_module", "__import__", "importorskip"} | renamed_importers(tree)
    while stack:
        node, how = stack.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, how) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}", how) for alias in node.names)
        elif isinstance(node, ast.Call) and last_name(node) in dynamic:
            optional = last_name(node) == "importorskip"
            yield from ((node.lineno, name, "optional" if optional else how) for name in literals(node)[:1])
        elif isinstance(node, ast.Assign) and any(last_name(to) == "pytest_plugins" for to in node.targets):
            yield from ((node.lineno, name, how) for name in literals(node.value))
        stack.extend(inner_parts(node, how))


def inner_parts(node: ast.AST, how: str) -> Iterator[tuple[ast.AST, str]]:
    """The parts of a node, each with how surely its imports are run."""
    softer = "optional" if how == "always" else how
    body: list[ast.stmt] = []
    if isinstance(node, ast.Try) and any(forgives(handler.type) for handler in node.handlers):
        body = [*node.body, *(line for handler in node.handlers for line in handler.body), *node.orelse]
    elif isinstance(node, ast.With) and any(suppresses(item.context_expr) for item in node.items):
        body = node.body
    elif isinstance(node, ast.If) and asks(node.test, {"version_info", "platform", "name", "find_spec"}):
        body = [*node.body, *node.orelse]
    elif isinstance(node, ast.If) and asks(node.test, {"TYPE_CHECKING"}):
        softer, body = "typing", node.body
    inside = {id(statement) for statement in body}
    handlers = {id(handler) for handler in getattr(node, "handlers", ())} if body else set()
    yield from ((statement, softer) for statement in body)
    for child in ast.iter_child_nodes(node):
        if id(child) not in inside | handlers:
            yield child, how


def forgives(caught: ast.expr | None) -> bool:
    """Whether an ``except`` catches the error of a missing module."""
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    return any(kind is None or last_name(kind) in names for kind in kinds)


def suppresses(context: ast.expr) -> bool:
    """Whether a ``with`` is a ``suppress`` of the error of a missing module."""
    named = isinstance(context, ast.Call) and last_name(context) == "suppress"
    return named and any(forgives(argument) for argument in context.args)  # type: ignore[attr-defined]


def asks(test: ast.expr, names: set[str]) -> bool:
    """Whether a condition holds one of these names."""
    return any(last_name(part) in names for part in ast.walk(test) if isinstance(part, ast.expr))


def renamed_importers(tree: ast.Module) -> set[str]:
    """The names under which this module knows `import_module`."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    aliases = [alias for node in statements if node.module == "importlib" for alias in node.names]
    return {alias.asname for alias in aliases if alias.name == "import_module" and alias.asname}


def literals(value: ast.expr) -> list[str]:
    """The absolute module names among the literals of a call's first argument, or of a list."""
    if isinstance(value, ast.Call):
        parts = [*value.args[:1], *(keyword.value for keyword in value.keywords if keyword.arg == "name")]
    else:
        parts = list(value.elts) if isinstance(value, ast.List | ast.Tuple | ast.Set) else [value]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and text and not text.startswith(".")]


def expected_tests(tree: ast.Module) -> Iterator[str]:
    """The tests that pytest must collect from this module, as `name` or `Class::name`."""
    yield from tests_in(tree.body, "")


def tests_in(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    """The test functions and methods that a body of statements defines."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if is_test(node):
                yield prefix + node.name
        elif isinstance(node, ast.ClassDef) and is_test_class(node):
            yield from tests_in(node.body, f"{prefix}{node.name}::")


def is_test(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is a test and not a fixture named like one."""
    fixture = any(last_name(decorator) == "fixture" for decorator in node.decorator_list)
    return node.name.startswith("test") and not fixture


def is_test_class(node: ast.ClassDef) -> bool:
    """Whether pytest collects the class by its name or as a unittest case."""
    bases = {last_name(base) for base in node.bases}
    return node.name.startswith("Test") or bool(bases & {"TestCase", "IsolatedAsyncioTestCase"})


def last_name(node: ast.expr) -> str:
    """The last name of a dotted expression or call, `fixture` for `@pytest.fixture(scope=...)`."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def suppressions(text: str, tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Comments and decorators that ask a tool to look away: line, kind, detail."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        for kind, pattern in SUPPRESSIONS:
            found = pattern.search(token.string)
            if found:
                yield token.start[0], kind, (found["detail"] or "").strip()
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            if last_name(decorator) == "no_type_check":
                yield decorator.lineno, "no-type-check", ""


if __name__ == "__main__":
    main()
