"""What mypy knows of an environment's packages: without it, every run would take many seconds.

It is written by runs over nothing but import statements, so nothing of a workspace ever gets into it. Runs
over a workspace are given a copy, which is thrown away.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from executors import open_tools
from executors.claims import claim
from executors.interpreter import Interpreter
from executors.kept import ABOUT
from team.gates.base import Target
from team.gates.pinned import MYPY_ARGUMENTS, mypy_configuration
from team.gates.tools import TOOL_LIMITS
from team.gates.warmth import mypy_folder

_NEWEST = "newest"
_IMPORTS = "imports.json"
_KEPT_SECONDS = 3600
"""How long a replaced cache stays, as other sessions may be copying it."""


def mypy_arguments(interpreter: Interpreter) -> list[str]:
    """mypy with the pinned options, which reads the configuration from its input."""
    return ["mypy", *MYPY_ARGUMENTS, f"--python-executable={interpreter.executable}"]


def mypy_cache(target: Target, imports: Iterable[str]) -> Path:
    """A cache folder that holds the packages of these import statements; what it lacks is added first.

    Raises:
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    wanted = {_of_modules(statement) for statement in imports if not _is_own(statement, target)}
    interpreter = target.sandbox.interpreter
    folder = mypy_folder() / _key(interpreter)
    claim(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ABOUT).exists():
        (folder / ABOUT).write_text(f"mypy {version('mypy')} for {interpreter.executable}", encoding="utf-8")
    newest, known = _newest(folder)
    if newest is not None and wanted <= known:
        return newest / "cache"
    with tempfile.TemporaryDirectory(dir=folder, prefix="making-", ignore_cleanup_errors=True) as name:
        made = Path(name) / "made"
        if newest is not None:
            shutil.copytree(newest, made)
        (made / "cache").mkdir(parents=True, exist_ok=True)
        _learn(target, sorted(wanted | known), made / "cache", Path(name))
        (made / _IMPORTS).write_text(json.dumps(sorted(wanted | known)), encoding="utf-8")
        return _publish(made, folder) / "cache"


def _learn(target: Target, statements: list[str], cache: Path, scratch: Path) -> None:
    """Let mypy follow import statements. What it says of them does not matter; it may be stopped early."""
    empty = scratch / "empty"
    empty.mkdir()
    interpreter = target.sandbox.interpreter
    with open_tools(
        empty,
        name=target.executor_name,
        cache=cache,
        limits=TOOL_LIMITS,
        readable=interpreter.prefixes,
    ) as executor:
        arguments = [*mypy_arguments(interpreter), f"--cache-dir={executor.cache}", "-c"]
        executor.run_reporting(
            ["python", "-I", "-m", *arguments, "\n".join(statements) or "pass"],
            stdin=mypy_configuration(()).encode(),
        )


def _publish(made: Path, folder: Path) -> Path:
    """Put a finished cache in its place, under a name of its own, and forget old ones."""
    place = folder / f"{time.time_ns():x}"
    made.rename(place)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix="making-", delete=False) as file:
        file.write(place.name)
    os.replace(file.name, folder / _NEWEST)  # noqa: PTH105 - atomic
    for other in folder.iterdir():
        if other != place and other.is_dir() and other.stat().st_mtime < time.time() - _KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)
    return place


def _newest(folder: Path) -> tuple[Path | None, set[str]]:
    """The cache to use, and the import statements that it holds."""
    try:
        place = folder / (folder / _NEWEST).read_text(encoding="utf-8")
        return place, set(json.loads((place / _IMPORTS).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None, set()


def _key(interpreter: Interpreter) -> str:
    facts = (version("mypy"), str(interpreter.executable), interpreter.version, mypy_configuration(()))
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


def _of_modules(statement: str) -> str:
    """The statement as far as it can name modules: a class is in a module that is named already."""
    _, module, *names = statement.split()
    return statement if names and names[-1] == names[-1].lower() else f"import {module}"


def _is_own(statement: str, target: Target) -> bool:
    """Whether the statement imports something of the workspace."""
    name = statement.split()[1].partition(".")[0]
    places = (name, f"src/{name}", f"tests/{name}")
    return any(
        path == f"{place}.py" or path.startswith(f"{place}/")
        for path in (*target.sources, *target.tests)
        for place in places
    )
