"""What is judged: the Python files of a tree, split into sources and tests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from team.gates.base import GateSettings, Target
from team.gates.integrity.past import CASES
from team.specs.task import language_of

if TYPE_CHECKING:
    from executors import Executor
    from team.specs import Spec

SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})
DEFAULTS = GateSettings()


def make_target(
    root: Path,
    sandbox: Executor,
    settings: GateSettings = DEFAULTS,
    *,
    executor_name: str = "auto",
    spec: Spec | None = None,
) -> Target:
    """Scan a tree for its Python files, following no link.

    For a problem that is solved in another language, the sources are the files of that, and its file of
    test cases is the tests.

    Hidden folders, virtual environments and caches are left out.

    Args:
        root: the folder that holds the tree.
        sandbox: where the tests run; its interpreter's packages are what types are checked against.
        settings: the thresholds that a person may choose.
        executor_name: what confines our own tools; `auto` takes the sandbox's own kind.
        spec: what was to be built, where that is known.

    Raises:
        OSError: the folder cannot be listed.
    """
    language = language_of(spec)
    endings = language.extensions if language else (".py",)
    paths = sorted(
        path for path in regular_files(root) if path.endswith(endings) or (language and path == CASES)
    )
    return Target(
        root=root,
        sandbox=sandbox,
        sources=tuple(path for path in paths if not is_test_file(path)),
        tests=tuple(path for path in paths if (path == CASES if language else is_test_file(path))),
        settings=settings,
        executor_name=sandbox.name if executor_name == "auto" else executor_name,
        spec=spec,
    )


def is_test_file(path: str) -> bool:
    """Whether a workspace path is a test author's: ``tests/**``, ``test_*.py``, ``conftest.py``."""
    name = path.rsplit("/", 1)[-1]
    return path.startswith("tests/") or name == "conftest.py" or name.startswith("test_")


def is_collected(path: str) -> bool:
    """Whether pytest looks for tests in a file: ``test_*.py`` and ``*_test.py``."""
    name = path.rsplit("/", 1)[-1]
    return name.startswith("test_") or name.endswith("_test.py")


def top_level_names(paths: Iterable[str]) -> set[str]:
    """Names that an import may look for at the top: all that does not lie in a package."""
    everything = list(paths)
    packages = {path.rpartition("/")[0] for path in everything if path.endswith("__init__.py")}
    names: set[str] = set()
    for path in everything:
        parts = path.removesuffix(".py").split("/")
        for depth, name in enumerate(parts):
            if "/".join(parts[:depth]) not in packages - {""}:
                names.add(name)
    return names


def hiding_names(paths: Iterable[str]) -> set[str]:
    """Those top-level names that an installed package of the same name would be hidden by.

    A folder without ``__init__.py``, such as that of Alembic's migrations, hides none.
    """
    everything = list(paths)
    packages = {path.rpartition("/")[0] for path in everything if path.endswith("__init__.py")}
    plain = {
        "/".join(path.split("/")[:depth]) for path in everything for depth in range(1, path.count("/") + 1)
    }
    modules = {path.removesuffix(".py") for path in everything}
    hiding = {place.rpartition("/")[2] for place in (modules | packages) - {""}}
    return top_level_names(everything) - ({place.rpartition("/")[2] for place in plain - packages} - hiding)


def regular_files(root: Path) -> Iterator[str]:
    """The plain files below a folder as POSIX paths, without links, skipped folders and unprintable names."""
    return _walk(root, "")


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.isprintable():
                continue
            if entry.is_dir(follow_symlinks=False):
                if not _is_skipped(entry):
                    yield from _walk(Path(entry.path), f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield prefix + entry.name


def _is_skipped(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in SKIPPED_FOLDERS:
        return True
    return Path(entry.path, "pyvenv.cfg").is_file()
