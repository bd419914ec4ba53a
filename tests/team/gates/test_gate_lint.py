from __future__ import annotations

from support.gate_trees import Judge, rules


def test_a_defect_is_placed_and_named(judged: Judge) -> None:
    result = judged("lint", {"app/a.py": "def f() -> None:\n    unused = 1\n"})

    assert result.status == "fail"
    assert [(f.file, f.line, f.rule) for f in result.findings] == [("app/a.py", 2, "F841")]


def test_mere_style_is_told_and_never_red(judged: Judge) -> None:
    result = judged("lint", {"a.py": "import sys\nimport os\n\nprint(os, sys)\n"})

    assert result.status == "pass"
    assert [(f.rule, f.severity) for f in result.findings] == [("I001", "minor")]


def test_dependencies_of_fastapi_are_no_defect(judged: Judge) -> None:
    source = "from fastapi import Depends\n\n\ndef f(x: int = Depends(int)) -> int:\n    return x\n"
    assert judged("lint", {"a.py": source}).status == "pass"


def test_no_comment_and_no_configuration_of_the_workspace_weakens_it(judged: Judge) -> None:
    result = judged(
        "lint",
        {
            "a.py": "# ruff: noqa\nimport os  # noqa: F401\n",
            "ruff.toml": "exclude = ['*.py']\n",
            "pyproject.toml": "[tool.ruff]\nexclude = ['*.py']\n[tool.ruff.lint]\nignore = ['ALL']\n",
            ".gitignore": "*.py\n",
        },
    )
    assert result.status == "fail"
    assert rules(result) == {"F401"}
    assert [f.rule for f in result.findings].count("suppression") == 2


def test_a_file_named_like_an_option_is_only_a_file(judged: Judge) -> None:
    result = judged("lint", {"--exit-zero.py": "import os\n", "a.py": "import os\n"})
    assert [f.file for f in result.findings] == ["--exit-zero.py", "a.py"]
