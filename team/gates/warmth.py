"""What the gates keep warm: one process that has imported what tests use, and one with our static tools.

Both are servers in the sandbox (see `executors.warm`). Where the sandbox has none, or while they start,
everything runs cold, with the same results.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from executors.cache import cache_dir
from executors.warm import pool_of
from executors.warm_server import Preload
from team.gates.target import top_level_names

if TYPE_CHECKING:
    from executors import Executor
    from executors.interpreter import Interpreter
    from executors.warm import WarmExecutor
    from team.gates.base import Target

_FOR_TESTS = (
    "pytest", "unittest.mock", "asyncio", "sqlite3", "pydantic", "email_validator", "fastapi",
    "starlette.middleware.cors", "httpx", "anyio", "anyio._backends._asyncio", "sqlalchemy",
    "sqlalchemy.orm", "sqlalchemy.ext.asyncio", "sqlalchemy.dialects.sqlite.aiosqlite", "aiosqlite",
    "alembic", "hypothesis", "tenacity", "pandas", "pandera.pandas", "pytest_asyncio.plugin",
    "anyio.pytest_plugin", "pdb", "readline", "_pytest._argcomplete",
)  # fmt: skip
_PREPARE_TESTS = """
import importlib, importlib.metadata
from _pytest.config import default_plugins
for name in default_plugins:
    importlib.import_module("_pytest." + name)
importlib.metadata.entry_points(group="pytest11")
"""
_FOR_TOOLS = ("bandit.cli.main", "mypy.main", "mypy.build", "coverage.parser", "ruff")
_PREPARE_TOOLS = """
from mypy.modulefinder import get_search_dirs
get_search_dirs({executable!r})
"""

TESTS = Preload(modules=_FOR_TESTS, prepare=_PREPARE_TESTS)


def warm_up(sandbox: Executor) -> None:
    """Start to warm up in the background, for the judgements that are to come. Does nothing where it cannot.

    The sandbox ends what is started here when it is closed.
    """
    pool = pool_of(sandbox)
    if pool is not None:
        for preload in (tools(sandbox.interpreter), TESTS):
            pool.begin(preload)


def for_tests(target: Target, *, wait: float = 0) -> WarmExecutor | None:
    """What runs the tests warm; None while nothing can.

    With a `wait` in seconds, what warms up is started where nobody has done so, and waited for.
    A module of the workspace that is named like one of those that are imported already would not be found:
    a tree with such a module has to run cold.
    """
    pool = pool_of(target.sandbox) if not target.sandbox.limits.network else None
    if pool is None:
        return None
    warm = pool.ready(TESTS, wait=wait) if wait else pool.running(TESTS)
    if warm is None or warm.known & set(top_level_names([*target.sources, *target.tests])):
        return None
    return warm


def for_tools(target: Target) -> WarmExecutor | None:
    """What runs our static tools warm; None while nothing can."""
    pool = pool_of(target.sandbox)
    if pool is None or target.executor_name not in ("auto", target.sandbox.name):
        return None
    return pool.running(tools(target.sandbox.interpreter))


def mypy_folder() -> Path:
    """The folder for what mypy knows of the packages of all environments."""
    return cache_dir() / "mypy"


def tools(interpreter: Interpreter) -> Preload:
    """What our static tools need, for trees that run with this interpreter."""
    mypy_folder().mkdir(parents=True, exist_ok=True)
    return Preload(
        modules=_FOR_TOOLS,
        prepare=_PREPARE_TOOLS.format(executable=str(interpreter.executable)),
        options=("-I",),
        own=True,
        writable=False,
        readable=(*interpreter.prefixes, mypy_folder()),
    )
