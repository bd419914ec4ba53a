"""Files and functions through which a workspace could change how its tests are run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from team.gates.base import Finding
from team.gates.integrity.modules import Function, Module, calls_in, last_name, text_of
from team.gates.target import SKIPPED_FOLDERS

_HARMLESS = frozenset(
    {
        "pytest_addoption", "pytest_generate_tests", "pytest_make_parametrize_id",
        "pytest_assertrepr_compare", "pytest_report_header", "pytest_markeval_namespace",
    }
)  # fmt: skip
_PLUGINS = frozenset({"pytester", "anyio", "pytest_asyncio", "pytest_mock", "hypothesis", "respx"})
_AT_START = frozenset({"sitecustomize", "usercustomize"})
_JUDGES_OWN = frozenset(
    {
        "_pytest", "abc", "argparse", "ast", "asyncio", "atexit", "builtins", "codecs", "collections",
        "contextlib", "copy", "coverage", "dataclasses", "datetime", "decimal", "encodings", "enum",
        "faulthandler", "fractions", "functools", "gc", "hashlib", "importlib", "inspect", "io",
        "itertools", "json", "logging", "math", "mock", "operator", "os", "pathlib", "pluggy", "pprint",
        "pytest", "random", "re", "shutil", "signal", "site", "socket", "sqlite3", "string", "struct",
        "subprocess", "sys", "sysconfig", "tempfile", "threading", "time", "tokenize", "traceback", "types",
        "typing", "unittest", "uuid", "warnings", "weakref",
    }
)  # fmt: skip
"""Modules that the judge itself imports; one of the workspace with such a name would stand in their place."""
_COMPILED = (".pyc", ".pyo", ".so", ".pyd", ".pth", ".egg-link", ".egg", ".whl")
_NOISE = frozenset({".git", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
MOST_HIDDEN = 20


def hooks(module: Module) -> Iterator[Finding]:
    """Hooks and plugins in one test file or module of a workspace."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _changes_runs(node):
            message = f"the hook `{node.name}` changes how tests are run or reported: remove it"
            yield _finding(module.path, node.lineno, "hook", message)
    for node in module.tree.body:
        yield from _settings(module, node)


def misplaced(paths: Iterable[str]) -> Iterator[Finding]:
    """Files that Python or pytest would take up by their name alone."""
    everything = list(paths)
    packages = {path.rpartition("/")[0] for path in everything if path.endswith("/__init__.py")}
    for path in everything:
        folder, _, name = path.rpartition("/")
        stem = name.removesuffix(".py")
        if stem in _AT_START:
            yield _finding(path, None, "start-up-file", f"{name} is run at every start of Python: remove it")
        elif name.endswith(".py") and folder not in packages and stem in _JUDGES_OWN:
            message = f"{name} stands in the place of Python's own `{stem}`: give it another name"
            yield _finding(path, None, "shadows-standard", message)
        elif name == "__init__.py" and "/" not in folder and folder in _JUDGES_OWN:
            message = f"{folder} stands in the place of Python's own `{folder}`: give it another name"
            yield _finding(path, None, "shadows-standard", message)
        elif name == "entry_points.txt":
            yield _finding(path, None, "plugin", "a plugin cannot be installed by a workspace: remove it")


def hidden(root: Path) -> Iterator[Finding]:
    """Code where no gate looks: compiled, or in folders that are passed over."""
    found = 0
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        parts = set(relative.parts[:-1])
        if parts & _NOISE or path.is_symlink() or not path.is_file() or not relative.name.isprintable():
            continue
        passed_over = any(part.startswith(".") or part in SKIPPED_FOLDERS for part in relative.parts[:-1])
        compiled = relative.name.endswith(_COMPILED)
        if (passed_over and relative.suffix == ".py") or compiled:
            message = "no gate can read this code: " + ("remove it" if compiled else "move it out of there")
            yield _finding(relative.as_posix(), None, "hidden-code", message)
            found += 1
        if found >= MOST_HIDDEN:
            return


def _changes_runs(node: Function) -> bool:
    if not node.name.startswith("pytest_") or node.name in _HARMLESS:
        return False
    if any(last_name(decorator) == "fixture" for decorator in node.decorator_list):
        return False
    if node.name != "pytest_configure":
        return True
    return any(last_name(call) != "addinivalue_line" for call in calls_in(node)) or any(
        isinstance(child, ast.Assign | ast.AugAssign | ast.Delete) for child in ast.walk(node)
    )


def _settings(module: Module, node: ast.stmt) -> Iterator[Finding]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    if names & {"collect_ignore", "collect_ignore_glob"}:
        message = f"`{text_of(node)}` takes tests out of the run: remove it"
        yield _finding(module.path, node.lineno, "hook", message)
    elif "pytest_plugins" in names:
        named = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        if not named or any(name.partition(".")[0] not in _PLUGINS for name in named):
            message = f"`{text_of(node)}` loads a plugin: write its fixtures into conftest.py"
            yield _finding(module.path, node.lineno, "plugin", message)


def _finding(path: str, line: int | None, rule: str, message: str) -> Finding:
    return Finding(file=path, line=line, rule=rule, severity="critical", message=message)
