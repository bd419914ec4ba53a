"""What a workspace says it needs: requirements files and pyproject.toml, read and never installed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from team.gates.target import regular_files
from team.gates.trees import read_plain

_NAME = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)")
_REQUIREMENTS = re.compile(
    r"(?:[\w.-]*[-_.])?requirements(?:[-_.][\w.-]*)?\.(?:txt|in)|requirements/[\w.-]+\.txt"
)
_ELSEWHERE = re.compile(
    r"^\s*(?:-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host)\b|(?:git|hg|svn|bzr)\+|\w+://"
)
LONGEST = 200_000
"""Bytes of a file that is read."""


@dataclass(frozen=True)
class Declared:
    """One line of a declaration. `elsewhere` is set when it names an address to install from."""

    file: str
    line: int | None
    name: str
    elsewhere: str = ""


def declarations(root: Path) -> list[Declared]:
    """Everything that the workspace declares, in the order of files and lines."""
    found: list[Declared] = []
    for path in sorted(regular_files(root)):
        name = path.rpartition("/")[2]
        content = read_plain(root / path) if _is_declaration(path) else None
        if content is None or len(content) > LONGEST:
            continue
        text = content.decode("utf-8", "replace")
        found += _of_project(path, text) if name == "pyproject.toml" else _of_lines(path, text)
    return found


def declares_imports(found: list[Declared]) -> bool:
    """Whether there is any declaration that imports can be compared with."""
    return any(one.name for one in found)


def _is_declaration(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name == "pyproject.toml" or bool(_REQUIREMENTS.fullmatch(name) or _REQUIREMENTS.fullmatch(path))


def _of_lines(path: str, text: str) -> Iterator[Declared]:
    for number, line in enumerate(text.splitlines(), 1):
        yield from _of_line(path, number, re.sub(r"(^|\s)#.*", "", line))


def _of_line(path: str, number: int | None, line: str) -> Iterator[Declared]:
    elsewhere = line.strip() if _ELSEWHERE.search(line) else ""
    named = _NAME.match(line) if not line.lstrip().startswith("-") else None
    if named and "://" in line and not named["rest"].startswith("@"):
        named = None
    if named or elsewhere:
        yield Declared(path, number, named["name"] if named else "", elsewhere)


def _of_project(path: str, text: str) -> Iterator[Declared]:
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    for requirement in _requirements(content):
        number = next((at for at, line in enumerate(text.splitlines(), 1) if requirement in line), None)
        yield from _of_line(path, number, requirement)


def _requirements(content: dict[str, Any]) -> Iterator[str]:
    """The requirements of a project: its own, its extras', its groups', its build's, and Poetry's names."""
    project, build, tool = (_table(content.get(name)) for name in ("project", "build-system", "tool"))
    groups = [*_table(project.get("optional-dependencies")).values()]
    groups += [*_table(content.get("dependency-groups")).values(), project.get("dependencies")]
    groups += [build.get("requires")]
    for group in groups:
        yield from (item for item in group if isinstance(item, str)) if isinstance(group, list) else ()
    poetry = _table(tool.get("poetry"))
    yield from (name for name in _table(poetry.get("dependencies")) if name != "python")


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
