"""A Python interpreter and the folders that must be readable for it to work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from executors.errors import EnvironmentUnavailable

_PROBE = """
import importlib.util, json, sys
print(json.dumps({
    "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
    "version": "%d.%d.%d" % sys.version_info[:3],
    "pytest": importlib.util.find_spec("pytest") is not None,
}))
"""


class _Facts(BaseModel):
    prefixes: list[str]
    version: str
    pytest: bool


@dataclass(frozen=True)
class Interpreter:
    """An interpreter; its paths are the same inside and outside of the sandbox."""

    executable: Path
    prefixes: tuple[Path, ...]
    version: str

    @property
    def scripts(self) -> Path:
        """The folder of the interpreter and of its console scripts."""
        return self.executable.parent

    def links(self) -> tuple[tuple[Path, str], ...]:
        """The symbolic links (path, target) on the way from the executable that no prefix holds."""
        found: list[tuple[Path, str]] = []
        here = self.executable
        for _ in range(40):
            if not here.is_symlink():
                break
            target = str(here.readlink())
            if not any(here.is_relative_to(prefix) for prefix in self.prefixes):
                found.append((here, target))
            here = Path(os.path.normpath(here.parent / target))
        return tuple(found)


def own_interpreter() -> Interpreter:
    """The interpreter that runs this program, with its virtual environment."""
    prefixes = (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)
    return Interpreter(Path(sys.executable), _roots(prefixes), ".".join(map(str, sys.version_info[:3])))


def chosen_interpreter(path: Path) -> Interpreter:
    """The user's own interpreter, asked about itself.

    Raises:
        EnvironmentUnavailable: it does not run, has no pytest, or would open the home folder.
    """
    path = path.expanduser().absolute()  # not resolved: that would leave its virtual environment
    facts = _ask(path)
    if not facts.pytest:
        raise EnvironmentUnavailable(
            f"the interpreter {path} has no pytest", f"install it there: {path} -m pip install pytest"
        )
    return Interpreter(path, _roots(facts.prefixes), facts.version)


def probed_interpreter(path: Path) -> Interpreter:
    """As `chosen_interpreter`, for one whose packages are known."""
    facts = _ask(path)
    return Interpreter(path, _roots(facts.prefixes), facts.version)


def _ask(path: Path) -> _Facts:
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=30, check=True, cwd="/"
        )
        return _Facts.model_validate_json(done.stdout)
    except (OSError, subprocess.SubprocessError, ValidationError) as error:
        raise EnvironmentUnavailable(
            f"the interpreter {path} cannot be used ({type(error).__name__})",
            "name a Python 3 executable with --python, or leave that out",
        ) from error


def _roots(prefixes: Iterable[str]) -> tuple[Path, ...]:
    """The prefixes, as given and with links resolved, shallow ones first.

    A prefix that is the home folder or above it would lay open what the sandbox hides.
    """
    given = {Path(prefix) for prefix in prefixes}
    roots = given | {prefix.resolve() for prefix in given}
    home = Path.home().resolve()
    for root in roots:
        if home.is_relative_to(root.resolve()):
            raise EnvironmentUnavailable(
                f"the interpreter's folder {root} holds the home folder",
                "use an interpreter in a folder of its own, such as a virtual environment",
            )
    return tuple(sorted(roots, key=lambda root: (len(root.parts), root)))
