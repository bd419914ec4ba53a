"""The dependencies gate: over real trees, with the packages that are really installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.gate_trees import Judge, rules

from team.gates import judge
from team.gates.base import Finding, GateSettings, Target
from team.gates.dependencies.installed import installed_for
from team.gates.dependencies.known import known_packages, meant, one_typo
from team.gates.dependencies.licences import is_allowed

PACKAGES = GateSettings(timeout=60, packages=("redis>=5", "python-jose[cryptography]", "inhouse-client"))


@pytest.fixture
def found(judged: Judge) -> Callable[..., list[tuple[str, str, int | None]]]:
    """Rule, severity and line of what is found in one file."""

    def look(text: str, path: str = "app.py", **others: str) -> list[tuple[str, str, int | None]]:
        result = judged("dependencies", {path: text, **others})
        return [(finding.rule, finding.severity, finding.line) for finding in result.findings]

    return look


def test_every_way_to_import_is_seen_and_told_with_its_line(judged: Judge) -> None:
    ways = {
        "plain.py": "import os\nimport acme_widgets.parts as parts\n",
        "member.py": "from acme_widgets import part\n",
        "inside.py": "def f() -> None:\n    import acme_widgets\n",
        "dynamic.py": "import importlib\nimportlib.import_module('acme_widgets.core')\n",
        "renamed.py": "from importlib import import_module as load\nload('acme_widgets')\n",
        "builtin.py": "x = __import__('acme_widgets')\n",
        "named.py": "import importlib\nimportlib.import_module(name='acme_widgets')\n",
        "tests/test_it.py": "import acme_widgets\n",
        "tests/conftest.py": "pytest_plugins = ['acme_widgets.plugin']\n",
        "finally_.py": "try:\n    pass\nfinally:\n    import acme_widgets\n",
        "other_error.py": "try:\n    import acme_widgets\nexcept KeyError:\n    pass\n",
    }
    result = judged("dependencies", ways)
    assert result.status == "fail"
    assert {finding.file for finding in result.findings} == set(ways)
    assert rules(result) == {"unknown-package"}
    lines = {finding.file: finding.line for finding in result.findings}
    assert (lines["plain.py"], lines["inside.py"], lines["finally_.py"]) == (2, 2, 4)


def test_what_has_a_way_out_decides_nothing(judged: Judge) -> None:
    soft = {
        "fallback.py": "try:\n    import acme_fast as f\nexcept ImportError:\n    import acme_slow as f\n",
        "otherwise.py": "try:\n    import acme_fast\nexcept (ValueError, ModuleNotFoundError):\n    pass\n"
        "else:\n    import acme_more\n",
        "suppressed.py": "import contextlib\nwith contextlib.suppress(ImportError):\n    import acme\n",
        "typing_only.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import acme_types\n",
        "version.py": "import sys\nif sys.version_info < (3, 11):\n    import acme_old\n",
        "tests/test_skip.py": "import pytest\nacme = pytest.importorskip('acme_fast')\n",
    }
    result = judged("dependencies", soft)
    assert result.status == "pass"
    assert {finding.file for finding in result.findings} == set(soft)


def test_pythons_own_the_workspaces_own_and_installed_modules_pass(judged: Judge) -> None:
    result = judged(
        "dependencies",
        {
            "src/shop/__init__.py": "import json, tomllib\nfrom . import prices\n",
            "src/shop/prices.py": "import pydantic\nfrom httpx import Client as parser\nimport yaml\n",
            "main.py": "from shop.prices import parser\nimport helpers.words\n",
            "helpers/words.py": "import pytest, rich.table\nfrom google_like import x\n",
            "google_like.py": "x = 1\n",
            "tests/test_shop.py": "import conftest\nfrom shop import prices\nimport main\n",
            "tests/conftest.py": "from hypothesis import given\n",
        },
    )
    assert (result.status, result.findings) == ("pass", ())


def test_a_typo_of_a_known_package_is_critical_even_where_it_has_a_way_out(
    found: Callable[..., list[tuple[str, str, int | None]]],
) -> None:
    text = "import reqeusts\ntry:\n    import numpyy\nexcept ImportError:\n    pass\nimport pandsa\n"
    assert found(text) == [("typo", "critical", line) for line in (1, 3, 6)]


def test_a_known_package_that_is_not_installed_is_named_by_its_package(judged: Judge) -> None:
    result = judged("dependencies", {"app.py": "import cv2\n"})
    assert rules(result) == {"not-installed"}
    assert "opencv-python" in result.findings[0].message


def test_a_persons_list_allows_by_package_and_by_module(judged: Judge, target: Callable[..., Target]) -> None:
    code = {"app.py": "import redis\nfrom jose import jwt\nimport inhouse_client\n"}
    assert rules(judged("dependencies", code)) == {"not-installed", "unknown-package"}
    assert judged("dependencies", code, PACKAGES).findings == ()


def test_declared_requirements_are_looked_at_as_well(judged: Judge) -> None:
    result = judged(
        "dependencies",
        {
            "app.py": "import pydantic\nimport httpx\n",
            "requirements.txt": "# ours\nreqeusts==2.0\npydantic>=2 ; python_version > '3.8'\n-r more.txt\n"
            "gunicorn\nacme-widgets\n--extra-index-url http://files.invalid/\nlib @ git+ssh://files.invalid/x\n",
            "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['uvicorn[standard]>=0.3', 'panads']\n"
            "[dependency-groups]\ntest = ['pytest', {include-group = 'x'}]\n",
        },
    )
    told = [(f.file, f.line, f.rule, f.severity) for f in result.findings]
    assert told == [
        ("pyproject.toml", 3, "typo", "critical"),
        ("requirements.txt", 2, "typo", "critical"),
        ("requirements.txt", 6, "unknown-package", "major"),
        ("requirements.txt", 7, "foreign-source", "major"),
        ("requirements.txt", 8, "foreign-source", "major"),
        ("requirements.txt", 8, "unknown-package", "major"),
        ("app.py", 2, "undeclared", "minor"),
    ]


def test_without_any_declaration_nothing_is_undeclared(
    found: Callable[..., list[tuple[str, str, int | None]]],
) -> None:
    assert found("import pydantic\n") == []
    assert found("import pydantic\n", **{"pyproject.toml": "not TOML ["}) == []


def test_licences_are_judged_where_a_person_lists_them(judged: Judge) -> None:
    code = {"app.py": "import pydantic\nimport pytest\nimport hypothesis\n"}
    assert judged("dependencies", code, GateSettings(licenses=("MIT", "MPL-2.0"))).status == "pass"
    strict: list[Finding] = list(judged("dependencies", code, GateSettings(licenses=("MIT",))).findings)
    assert [(one.rule, one.line) for one in strict] == [("license", 3)]
    assert "hypothesis" in strict[0].message


@pytest.mark.parametrize(
    ("licence", "allowed", "passes"),
    [
        ("MIT", ("mit",), True),
        ("MIT License", ("MIT",), True),
        ("BSD-3-Clause", ("BSD",), True),
        ("MIT OR GPL-3.0-only", ("MIT",), True),
        ("(MIT) AND GPL-3.0-only", ("MIT",), False),
        ("Apache-2.0", ("Apache",), True),
        ("MITRE", ("MIT",), False),
        ("", ("MIT",), False),
    ],
)
def test_a_licence_is_met(licence: str, allowed: tuple[str, ...], passes: bool) -> None:
    assert is_allowed(licence, allowed) is passes


@pytest.mark.parametrize(
    "name",
    ["reqeusts", "request", "requestss", "numpyy", "nunpy", "pandsa", "djnago", "sqlalchmey", "pydantci",
     "beautifulsoup", "python-dateutils", "url1ib3", "requésts", "subproces", "fastpai", "matplotib"],
)  # fmt: skip
def test_one_typo_away(name: str) -> None:
    assert meant(name) is not None


@pytest.mark.parametrize(
    "name", ["requests", "PyYAML", "pyyaml", "yaml", "acme_widgets", "six", "sax", "attr", "python_dateutil"]
)
def test_no_typo(name: str) -> None:
    assert meant(name) is None


def test_no_known_package_is_taken_for_a_typo_of_another() -> None:
    names = {*known_packages(), *known_packages().values()}
    assert [name for name in names if meant(name)] == []


def test_one_typo_is_one_letter() -> None:
    assert one_typo("abcd", "abdc")
    assert one_typo("abcd", "abc")
    assert one_typo("abcd", "abxd")
    assert not one_typo("abcd", "abcd")
    assert not one_typo("abcd", "badc")
    assert not one_typo("abcd", "ab")


def test_code_of_the_workspace_is_never_imported(judged: Judge, target: Callable[..., Target]) -> None:
    trap = "from pathlib import Path\nPath('ran').touch()\n"
    judged("dependencies", {"trap.py": trap, "app.py": "import trap\n", "sitecustomize.py": trap})
    assert not list(Path.cwd().glob("ran"))


def test_what_is_installed_is_read_from_folders(target: Callable[..., Target], sandbox: object) -> None:
    known = installed_for(target({}).sandbox.interpreter)
    assert {"pytest", "pydantic_core", "yaml", "team", "typing_extensions"} <= known.modules
    assert known.has("pydantic.whatever.more")
    assert not known.has("google.cloud.bigquery")
    assert [one.name for one in known.providers("yaml")] == ["PyYAML"]


def test_a_broken_file_is_the_syntax_gates_work(target: Callable[..., Target]) -> None:
    (result,) = judge(target({"app.py": "import (\n"}), ["dependencies"])
    assert (result.status, result.findings) == ("fail", ())
