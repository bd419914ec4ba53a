"""Configuration in the workspace that would weaken a gate, if a gate read it. None does: it is still told."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from team.gates.base import Finding
from team.gates.trees import read_plain

MAX_BYTES = 200_000

_LEAVES_OUT = re.compile(
    r"(?:^|\s)(?:-k|-m|--deselect|--ignore|--ignore-glob|--collect-only|--co|--no-cov|--last-failed|--lf|-p\s*\S"
    r"|--exitfirst-ok|--noconftest|--setup-only|--setup-plan|--runxfail|--fixtures|--version|-h)(?:[\s=]|$)"
)
_USUAL_PLUGINS = re.compile(r"-p\s*no:(?:cacheprovider|randomly|warnings)\b")
_PATTERNS = frozenset(
    {"test_*.py", "*_test.py", "tests.py", "test_*", "test*", "test", "Test*", "Test", "*Test"}
)
_USUAL_EXCLUSIONS = re.compile(
    r"pragma|TYPE_CHECKING|__main__|__repr__|NotImplemented|abstractmethod|overload|Protocol|\.\.\.|assert_never"
)
_USUAL_FOLDERS = re.compile(
    r"tests?\b|\.venv|venv|build|dist|docs|migrations|alembic|__pycache__|\.git|node_modules"
)
_HARMFUL_RULES = re.compile(r"(?:ALL|F|E7|E9|E$|B(?!008)|BLE|PLE)")

_EVERYTHING = re.compile(r"\.?/?(?:\*|src|app)\b|[\w/*]*\*?\.py$|\*|\.$")


def weakening(root: Path, paths: Iterable[str]) -> Iterator[Finding]:
    """Findings about the configuration files among `paths`."""
    for path in paths:
        name = path.rpartition("/")[2]
        content = read_plain(root / path) if name in _READERS else None
        if content is None or len(content) > MAX_BYTES:
            continue
        text = content.decode("utf-8", "replace")
        for what in _READERS[name](text):
            line = next((n for n, row in enumerate(text.splitlines(), 1) if what.key in row), None)
            message = f"`{what.key}` {what.does}: remove it"
            yield Finding(file=path, line=line, rule="weak-configuration", message=message)


class _Weak(tuple[str, str]):
    """A key of a file, and what it would do."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return self[0]

    @property
    def does(self) -> str:
        return self[1]


def _ini(text: str, sections: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in parser.sections():
        for prefix, tool in sections.items():
            if section == prefix or section.startswith(prefix + (":" if prefix == "coverage" else "-")):
                yield tool, {key: value or "" for key, value in parser.items(section)}


def _pytest_ini(text: str) -> Iterator[_Weak]:
    for _, options in _ini(text, {"pytest": "pytest"}):
        yield from _pytest(options)


def _several(text: str) -> Iterator[_Weak]:
    sections = {"pytest": "pytest", "tool:pytest": "pytest", "mypy": "mypy", "flake8": "flake8"}
    sections |= {"coverage": "coverage"}
    for tool, options in _ini(text, sections):
        yield from _TOOLS[tool](options)


def _coveragerc(text: str) -> Iterator[_Weak]:
    for _, options in _ini(text, {"run": "", "report": "", "coverage": ""}):
        yield from _coverage(options)


def _mypy_ini(text: str) -> Iterator[_Weak]:
    for _, options in _ini(text, {"mypy": ""}):
        yield from _mypy(options)


def _bandit_file(text: str) -> Iterator[_Weak]:
    if re.search(r"^\s*(skips|exclude|exclude_dirs|tests)\s*[:=]", text, re.MULTILINE):
        key = "exclude" if "exclude" in text else "skips"
        yield _Weak((key, "hides what bandit finds"))


def _ruff_toml(text: str) -> Iterator[_Weak]:
    yield from _ruff(_toml(text))


def _pyproject(text: str) -> Iterator[_Weak]:
    tool = _toml(text).get("tool")
    tables: dict[str, Any] = tool if isinstance(tool, dict) else {}
    yield from _pytest(_flat(_table(_table(tables, "pytest"), "ini_options")))
    coverage = _table(tables, "coverage")
    for part in ("run", "report"):
        yield from _coverage(_flat(_table(coverage, part)))
    mypy = _table(tables, "mypy")
    yield from _mypy(_flat(mypy))
    for override in mypy.get("overrides") or ():
        yield from _mypy(_flat(override) if isinstance(override, dict) else {})
    yield from _ruff(_table(tables, "ruff"))
    bandit = _table(tables, "bandit")
    skipped = set(map(str, bandit.get("skips") or ())) - {"B101"}
    if skipped:
        yield _Weak(("skips", "hides what bandit finds"))


def _pytest(options: Mapping[str, str]) -> Iterator[_Weak]:
    chosen = _USUAL_PLUGINS.sub("", options.get("addopts", ""))
    if _LEAVES_OUT.search(chosen):
        yield _Weak(("addopts", "leaves tests out"))
    for key in ("python_files", "python_functions", "python_classes"):
        if set(options.get(key, "").replace(",", " ").split()) - _PATTERNS:
            yield _Weak((key, "leaves tests out"))
    if any(word.startswith("no:") for word in chosen.split()):
        yield _Weak(("addopts", "switches a plugin off"))


def _coverage(options: Mapping[str, str]) -> Iterator[_Weak]:
    for key in ("exclude_lines", "exclude_also", "partial_branches"):
        patterns = [row.strip() for row in options.get(key, "").splitlines() if row.strip()]
        if any(not _USUAL_EXCLUSIONS.search(pattern) for pattern in patterns):
            yield _Weak((key, "leaves lines out of coverage"))
    omitted = options.get("omit", "").replace(",", "\n").splitlines()
    if any(row.strip() and not _USUAL_FOLDERS.search(row) for row in omitted):
        yield _Weak(("omit", "leaves files out of coverage"))


def _mypy(options: Mapping[str, str]) -> Iterator[_Weak]:
    for key, bad in (("ignore_errors", "true"), ("strict", "false"), ("check_untyped_defs", "false")):
        if options.get(key, "").lower() == bad:
            yield _Weak((key, "turns type checking off"))
    codes = set(options.get("disable_error_code", "").replace(",", " ").split())
    if codes - {"import-untyped", "import-not-found", "misc"}:
        yield _Weak(("disable_error_code", "hides type errors"))
    excluded = options.get("exclude", "").splitlines()
    if any(row.strip() and not _USUAL_FOLDERS.search(row) for row in excluded):
        yield _Weak(("exclude", "leaves files out of type checking"))


def _flake8(options: Mapping[str, str]) -> Iterator[_Weak]:
    ignored = [
        rule for key in ("ignore", "extend-ignore") for rule in re.split(r"[\s,]+", options.get(key, ""))
    ]
    if any(rule[:1] in ("F", "B") or rule[:2] in ("E7", "E9") for rule in ignored):
        yield _Weak(("ignore", "hides what the linter finds"))


def _ruff(table: Mapping[str, Any]) -> Iterator[_Weak]:
    lint = {**table, **_table(table, "lint")}
    for key in ("ignore", "extend-ignore"):
        if any(_hides(rule) for rule in lint.get(key) or ()):
            yield _Weak((key, "hides what the linter finds"))
    for key in ("per-file-ignores", "extend-per-file-ignores"):
        for place, rules in _table(lint, key).items():
            usual = "__init__" in place and set(rules) <= {"F401", "F403"}
            if isinstance(rules, list) and not usual and any(_hides(rule) for rule in rules):
                yield _Weak((key, "hides what the linter finds"))
    for key in ("exclude", "extend-exclude"):
        if any(_EVERYTHING.match(str(place)) for place in table.get(key) or ()):
            yield _Weak((key, "hides files from the linter"))
    if "extend" in table:
        yield _Weak(("extend", "takes rules from elsewhere"))


def _hides(rule: object) -> bool:
    return bool(_HARMFUL_RULES.match(str(rule))) and not str(rule).startswith(("FBT", "FIX", "FA", "FURB"))


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _flat(table: Mapping[str, Any]) -> dict[str, str]:
    """Values as an INI file would hold them."""
    return {
        key: "\n".join(map(str, value))
        if isinstance(value, list)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for key, value in table.items()
    }


_TOOLS = {"pytest": _pytest, "mypy": _mypy, "flake8": _flake8, "coverage": _coverage}
_READERS = {
    "pytest.ini": _pytest_ini,
    ".pytest.ini": _pytest_ini,
    "tox.ini": _several,
    "setup.cfg": _several,
    ".coveragerc": _coveragerc,
    "mypy.ini": _mypy_ini,
    ".mypy.ini": _mypy_ini,
    "ruff.toml": _ruff_toml,
    ".ruff.toml": _ruff_toml,
    ".bandit": _bandit_file,
    "bandit.yaml": _bandit_file,
    "pyproject.toml": _pyproject,
    ".flake8": _several,
}
