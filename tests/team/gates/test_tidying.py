from __future__ import annotations

from support.gate_trees import Make

from team.gates import tidy

UGLY = "import os, sys\nx = {  'a':1 }\ndef f( a ) :\n  return a\nprint(sys)\n"
NEAT = 'import sys\n\nx = {"a": 1}\n\n\ndef f(a):\n    return a\n\n\nprint(sys)\n'


def test_files_are_formatted_and_safely_fixed(target: Make) -> None:
    tree = target({"a.py": UGLY, "b.py": UGLY, "c.py": "x = 1\n"})

    assert tidy(tree, ["a.py", "c.py"]) == ("a.py",)
    assert (tree.root / "a.py").read_text() == NEAT
    assert (tree.root / "b.py").read_text() == UGLY


def test_a_syntax_error_leaves_its_file_alone(target: Make) -> None:
    tree = target({"a.py": "def f(:\n  x={  }\n", "b.py": "x={  }\n"})
    assert tidy(tree, ["a.py", "b.py"]) == ("b.py",)
    assert (tree.root / "a.py").read_text() == "def f(:\n  x={  }\n"


def test_no_configuration_of_the_workspace_is_heeded(target: Make) -> None:
    tree = target(
        {
            "a.py": UGLY,
            "ruff.toml": "exclude = ['*']\n[format]\nquote-style = 'single'\n",
            ".gitignore": "*\n",
        }
    )
    assert tidy(tree, ["a.py"]) == ("a.py",)
    assert (tree.root / "a.py").read_text() == NEAT


def test_only_files_of_the_target_are_touched(target: Make) -> None:
    tree = target({"a.py": "x=1\n", "notes.txt": "x=1\n"})
    (tree.root.parent / "outside.py").write_text("x=1\n")
    assert tidy(tree, ["notes.txt", "../outside.py", "nowhere.py"]) == ()
    assert (tree.root.parent / "outside.py").read_text() == "x=1\n"


def test_imports_of_the_trees_own_modules_keep_their_place_when_only_some_files_changed(target: Make) -> None:
    text = '"""M."""\n\nimport alembic\nimport pytest\n\nfrom app import b\n\nprint(alembic, pytest, b)\n'
    tree = target({"app/__init__.py": "", "app/a.py": text, "app/b.py": "", "alembic/env.py": ""})
    assert tidy(tree, ["app/a.py"]) == ()
