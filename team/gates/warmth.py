"""What the gates keep warm: one process that has imported what tests use, and one with our static tools.

Both are servers in the sandbox (see `executors.warm`). Where the sandbox has none, or while they start,
everything runs cold, with the same results.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from executors.cache import cache_dir
from executors.warm import pool_of
from executors.warm_server import Preload
from team.gates.target import hiding_names

if TYPE_CHECKING:
    from executors import Executor
    from executors.interpreter import Interpreter
    from executors.warm import WarmExecutor, WarmPool
    from team.gates.base import Target
    from team.gates.reading import FileFacts

_FOR_ANY_TESTS = (
    "pytest", "unittest.mock", "asyncio", "anyio", "anyio._backends._asyncio", "anyio.pytest_plugin",
    "pytest_asyncio.plugin", "pdb", "readline", "_pytest._argcomplete",
)  # fmt: skip
_WITH = {
    "alembic": ("alembic",),
    "fastapi": ("pydantic", "email_validator", "fastapi", "starlette.middleware.cors", "httpx"),
    "httpx": ("httpx",),
    "hypothesis": ("hypothesis",),
    "pandas": ("pandas",),
    "pandera": ("pandas", "pandera.pandas"),
    "pydantic": ("pydantic",),
    "sqlalchemy": (
        "sqlite3", "sqlalchemy", "sqlalchemy.orm", "sqlalchemy.ext.asyncio",
        "sqlalchemy.dialects.sqlite.aiosqlite", "aiosqlite",
    ),
    "tenacity": ("tenacity",),
}  # fmt: skip
"""What is worth importing once where a tree imports a package."""

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

_WAIT = 30.0
"""The longest a probe waits for its warm server, in seconds: to import alone takes as long."""


def _for_tests_with(packages: Collection[str]) -> Preload:
    found = [module for package, modules in _WITH.items() if package in packages for module in modules]
    return Preload(modules=tuple(dict.fromkeys([*_FOR_ANY_TESTS, *found])), prepare=_PREPARE_TESTS)


TESTS = _for_tests_with(_WITH)


def warm_up(sandbox: Executor, packages: Collection[str] | None = None) -> None:
    """Start to warm up in the background, for the judgements that are to come. Does nothing where it cannot.

    The sandbox ends what is started here when it is closed.

    Args:
        sandbox: where the judgements will run.
        packages: what the code will import, where there will hardly be more than one judgement: then only the
            probes of that one are prepared. None: everything that pays off in a long session.
    """
    pool = pool_of(sandbox)
    if pool is None:
        return
    if packages is not None:
        pool.begin(_for_tests_with(packages))
        return
    for preload in (tools(sandbox.interpreter), TESTS):
        pool.begin(preload)


def for_tests(target: Target) -> WarmExecutor | None:
    """What runs the tests warm; None while nothing can, or nobody has begun to warm up.

    A module of the workspace that is named like one of those that are imported already would not be found:
    a tree with such a module has to run cold.
    """
    pool = _pool(target)
    return _fit(pool.running(TESTS), target) if pool else None


def for_probes(target: Target, facts: Mapping[str, FileFacts]) -> WarmExecutor | None:
    """As `for_tests`, for the many runs of one judgement: where nobody has begun to warm up, it begins.

    It then imports no more than what the tree does, and is waited for: the first of the runs would take
    that time, too.
    """
    pool = _pool(target)
    if pool is None:
        return None
    begun = [preload for preload in pool.begun if preload.prepare == _PREPARE_TESTS]
    imported = {name.partition(".")[0] for path in facts for _, name, _ in facts[path].imported}
    return _fit(pool.ready(begun[0] if begun else _for_tests_with(imported), wait=_WAIT), target)


def _pool(target: Target) -> WarmPool | None:
    return None if target.sandbox.limits.network else pool_of(target.sandbox)


def _fit(warm: WarmExecutor | None, target: Target) -> WarmExecutor | None:
    if warm is None or warm.known & hiding_names([*target.sources, *target.tests]):
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
