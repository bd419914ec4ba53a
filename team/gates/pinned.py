"""The pinned configuration of every gate. Nothing of it is ever read from the workspace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version

from team.gates.base import GateSettings, Severity

LINE_LENGTH = 100

RUFF_SELECT = ("E4", "E7", "E9", "F", "W", "I", "B", "UP", "C4", "SIM", "ASYNC", "BLE", "PLE")
"""Rule families of the lint gate. The length of lines is the formatter's affair."""

RUFF_IGNORE = ("ASYNC109",)
"""Of these, rules against an interface that requirements may ask for, such as a `timeout` parameter."""

RUFF_STYLE = ("W", "I", "UP", "C4", "SIM")
"""Of these, the families whose findings are minor: they are told and never turn the gate red."""

_FASTAPI_CALLS = ("Depends", "Security", "Query", "Path", "Body", "Header", "Cookie", "File", "Form")

_RUFF_LAYOUT = (
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    "--config",
    f"line-length = {LINE_LENGTH}",
    "--config",
    'target-version = "py311"',
)
_RUFF_RULES = (
    f"--select={','.join(RUFF_SELECT)}",
    f"--ignore={','.join(RUFF_IGNORE)}",
    "--config",
    'src = [".", "src"]',
    "--config",
    "lint.flake8-bugbear.extend-immutable-calls = "
    + "["
    + ", ".join(f'"fastapi.{name}"' for name in _FASTAPI_CALLS)
    + "]",
    "--exit-zero",
)
RUFF_CHECK = ("check", *_RUFF_LAYOUT, *_RUFF_RULES, "--ignore-noqa", "--output-format=json")
RUFF_FIX = ("check", *_RUFF_LAYOUT, *_RUFF_RULES, "--fix", "--silent")
RUFF_FORMAT = ("format", *_RUFF_LAYOUT, "--silent")

MYPY_ARGUMENTS = (
    "--config-file=/dev/stdin",
    "--output=json",
    "--no-error-summary",
    "--no-pretty",
    "--no-color-output",
)

_MYPY_SOURCES = """\
[mypy]
strict = True
mypy_path = .:src
namespace_packages = True
explicit_package_bases = True
disable_error_code = import-untyped
"""
_MYPY_TESTS = """
disallow_any_generics = False
disallow_subclassing_any = False
disallow_untyped_calls = False
disallow_untyped_defs = False
disallow_incomplete_defs = False
disallow_untyped_decorators = False
check_untyped_defs = False
warn_unused_ignores = False
warn_return_any = False
implicit_reexport = True
strict_equality = False
extra_checks = False
disable_error_code = import-not-found, import-untyped
"""
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")

BANDIT_ARGUMENTS = ("--quiet", "--format=json", "--ignore-nosec", "--exit-zero", "--number=0")
BANDIT_SEVERITY: dict[str, Severity] = {"HIGH": "critical", "MEDIUM": "major", "LOW": "minor"}
BANDIT_NOT_IN_TESTS = frozenset({"B101"})


MUTANTS = 20
"""Mutants that are tried while they decide nothing."""
MUTATION_SECONDS = 10.0

PYTEST_OPTIONS = (
    "-q",
    "-c=/dev/null",
    "--import-mode=prepend",
    "--tb=short",
    "--color=no",
    "--show-capture=no",
    "--no-header",
    "--no-summary",
    "--continue-on-collection-errors",
    "--override-ini=verbosity_assertions=1",
    "-pno:cacheprovider",
)
PYTEST_UNWANTED = (
    "hypothesispytest",
    "pytest_cov",
    "random_order",
    "randomly",
    "rerunfailures",
    "schemathesis",
    "typeguard",
    "xdist",
    "xdist.looponfail",
)
"""Installed plugins that stay off: they run tests elsewhere, reorder, repeat or measure them, or only cost
time (hypothesis works without its own). The others are on, and the asyncio mode is `auto`."""


def mypy_configuration(tests: Sequence[str]) -> str:
    """mypy's configuration: strict, except for the test files.

    Args:
        tests: the paths of the test files.
    """
    modules = (path.removesuffix(".py").removeprefix("src/").replace("/", ".") for path in tests)
    outside = [name for name in modules if _MODULE.fullmatch(name) and not name.startswith("tests.")]
    return f"{_MYPY_SOURCES}\n[mypy-{','.join(['tests', 'tests.*', *outside])}]{_MYPY_TESTS}"


def pinned_configuration() -> str:
    """The configuration of all gates as text for people."""
    settings = GateSettings()
    sections = {
        "syntax": "every file compiles, is UTF-8, at most 1 MB, and not nested deeper than 150 levels",
        f"lint (ruff {version('ruff')})": _lines(RUFF_CHECK)
        + f"\nminor, never red: {', '.join(RUFF_STYLE)}"
        + "\nauthors' files are first fixed and formatted with the same options",
        f"types (mypy {version('mypy')})": _lines(MYPY_ARGUMENTS) + "\n" + mypy_configuration(()).strip(),
        f"security (bandit {version('bandit')})": _lines(BANDIT_ARGUMENTS)
        + f"\nmedium and high decide; not in tests: {', '.join(sorted(BANDIT_NOT_IN_TESTS))}",
        "dependencies": "imports: of Python, the workspace, the sandbox's packages, or --packages;"
        + " optional ones are minor\nrequirements: installed or well known"
        + "\na typo of a known name is critical\nlicences: any (--licenses)",
        "tests (pytest of the sandbox)": _lines(PYTEST_OPTIONS)
        + f"\ninstalled plugins stay on, without {', '.join(PYTEST_UNWANTED)}"
        + "\nasyncio_mode = auto"
        + f"\none fresh process, ended after {settings.timeout:g} s (--timeout)"
        + "\nin a session, a run in a fork of a warm process may come first: it can only say red",
        "integrity": "tests against all earlier turns, by syntax tree; hollow tests; hooks, plugins, start-up"
        + "\nfiles, and modules in the place of the judge's own; configuration that would weaken a gate;"
        + "\ncode that reaches for what runs it; tests that pass without the source's bodies,"
        + "\nor only in one order",
        "mutation": f"up to {MUTANTS} mutants of lines that tests run, within {MUTATION_SECONDS:g} s;"
        + " never red\nwith --mutation PCT: red below it, after at most one repair by the test engineer",
        "coverage (of the sandbox)": "lines of all source files, by marks in a run of its own"
        + f"\nfloor: {settings.coverage_floor:g} % (--coverage)",
        "contract (of the sandbox)": "called from another process; what it answers is compared in ours"
        + "\nit sees neither the expected values nor the tests",
        "migration (of the sandbox)": "alembic upgrade head, downgrade base and every revision up and down,"
        + "\nover rows of ours on SQLite (--database-url: and PostgreSQL); then no difference to the models"
        + "\nlost rows, columns and narrowed types need a person's word",
        "pipeline (of the sandbox)": "run on rows of ours: twice, over a later delivery, with bad rows,"
        + "\nother columns, killed, and many; what arrived is compared with the spec carried out by hand",
    }
    return "\n\n".join(f"[{name}]\n{text}" for name, text in sections.items()) + "\n"


def _lines(arguments: Sequence[str]) -> str:
    """Arguments, one option with its value per line."""
    return " ".join(arguments).replace(" --", "\n--")
