"""The house keeps its shape: who may import whom, what is light to import, and what lies where."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "DECISIONS.md", "LICENSE", "Makefile", "README.md", "pyproject.toml",
    "benchmarks", "docs", "examples", "executors", "prompts", "team", "tests", "workspace",
}  # fmt: skip
LIGHT = ("executors", "prompts", "team", "team.cli", "team.config", "team.result", "team.transcript")
HEAVY = {"autogen", "openai", "docker", "textual", "starlette", "uvicorn"}
# In two parts, so that this file names none either.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("golang", "org"),
        ("docker", "io"),
    )
)
NOT_HOSTS = {(".ci/docker", ".".join(("docker", "io")))}  # Debian's package of that name
HOME = re.compile(r"/(?:home|Users)/(?!(?:someone|user|dev)\b)[a-z]\w*/|(?<![\w}])/root/[.\w]")


def tracked() -> tuple[str, ...]:
    """The files that git knows, or a skip where there is no repository to ask."""
    try:
        done = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git is missing, or this is not a git checkout")
    return tuple(filter(None, done.stdout.decode().split("\0")))


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Every imported module of a file, with its line, wherever in the file it stands."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


@pytest.mark.parametrize("room", ["executors", "prompts"])
def test_imports_go_one_way(room: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {module}"
        for file in sorted((ROOT / room).rglob("*.py"))
        if "drafts" not in file.parts
        for line, module in imports(file)
        if module.split(".")[0] == "team"
    ]
    assert wrong == []


@pytest.mark.parametrize("module", LIGHT)
def test_importing_costs_no_agent_framework(module: str) -> None:
    script = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert HEAVY & set(done.stdout.split()) == set()


def test_help_costs_no_agent_framework() -> None:
    script = (
        "import sys; from team.cli import main; code = main(['run', '--help']); print(code, *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, *modules = done.stdout.splitlines()[-1].split()
    assert code == "0"
    assert HEAVY & set(modules) == set()


def test_the_top_level_holds_only_what_was_agreed() -> None:
    assert {path.split("/")[0] for path in tracked()} <= TOP_LEVEL


def test_no_file_names_a_package_registry_or_somebodys_home() -> None:
    wrong = []
    for path in tracked():
        file = ROOT / path
        if path == "tests/test_house.py" or not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        named = (host for host in REGISTRIES if host in text and (path, host) not in NOT_HOSTS)
        wrong += [f"{path} names {host}" for host in named]
        wrong += [f"{path} names {found[0]}" for found in HOME.finditer(text)]
    assert wrong == []
