from __future__ import annotations

from pathlib import Path

import pytest
from support.gate_trees import Judge, rules

WRONG = '"""A module."""\n\n\ndef f(x: int) -> str:\n    return x{comment}\n'


def test_sources_are_strict_and_tests_are_not(judged: Judge) -> None:
    untyped = "def f(x):\n    return x\n"
    result = judged("types", {"a.py": untyped, "tests/test_a.py": f"import a\n\n\n{untyped}"})

    assert result.status == "fail"
    assert [(f.file, f.line, f.rule) for f in result.findings] == [("a.py", 1, "no-untyped-def")]


def test_typed_tests_are_checked(judged: Judge) -> None:
    result = judged("types", {"tests/test_a.py": "def test_a() -> None:\n    x: int = 'one'\n"})
    assert rules(result) == {"assignment"}


def test_types_come_from_the_packages_of_the_sandbox(judged: Judge) -> None:
    source = "import pluggy\n\nreveal: int = pluggy.PluginManager('x')\n"
    result = judged("types", {"a.py": source})
    assert [f.message for f in result.findings] == [
        'Incompatible types in assignment (expression has type "PluginManager", variable has type "int")'
    ]


def test_a_module_that_is_not_there_is_a_finding(judged: Judge) -> None:
    assert rules(judged("types", {"a.py": "import nowhere\n"})) == {"import-not-found"}


@pytest.mark.parametrize(
    "files",
    [
        {"mypy.ini": "[mypy]\nignore_errors = True\n"},
        {"setup.cfg": "[mypy]\nignore_errors = True\n"},
        {"pyproject.toml": "[tool.mypy]\nignore_errors = true\n"},
        {"a.pyi": "def f(x: int) -> str: ...\n"},
        {"a/__init__.pyi": "def f(x: int) -> str: ...\n"},
        {"mypy.ini": "[mypy]\nplugins = plugin.py\n", "plugin.py": "raise SystemExit(0)\n"},
    ],
    ids=["mypy.ini", "setup.cfg", "pyproject", "stub", "stub package", "plugin"],
)
def test_no_file_of_the_workspace_weakens_it(judged: Judge, files: dict[str, str]) -> None:
    result = judged("types", {"a.py": WRONG.format(comment=""), **files})
    assert ("a.py", "return-value") in {(f.file, f.rule) for f in result.findings}


@pytest.mark.parametrize(
    ("comment", "first_line", "status"),
    [
        ("  # type: ignore", "", "fail"),
        ("  # type: ignore[return-value]", "", "pass"),
        ("", "# mypy: ignore-errors\n", "fail"),
        ("", "# type: ignore\n", "fail"),
    ],
)
def test_every_suppression_is_counted(judged: Judge, comment: str, first_line: str, status: str) -> None:
    result = judged("types", {"a.py": first_line + WRONG.format(comment=comment)})

    assert result.status == status
    assert "suppression" in {f.rule for f in result.findings}


def test_a_few_named_suppressions_are_minor_and_more_are_not(judged: Judge) -> None:
    lines = "".join(f"x{n}: int = ''  # type: ignore[assignment]\n" for n in range(4))
    result = judged("types", {"a.py": lines})
    assert [f.severity for f in result.findings] == ["major", "minor", "minor", "minor"]


def test_a_changed_file_is_checked_again_though_its_size_and_time_are_the_same(
    judged: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path / "cache"))
    assert judged("types", {"a.py": "x: int = 1234\n"}).status == "pass"
    assert judged("types", {"a.py": "x: int = '12'\n"}).status == "fail"
    assert list((tmp_path / "cache/mypy").iterdir())
