from __future__ import annotations

from pathlib import Path

import pytest
from support.gate_trees import Make

from executors import Executor
from team.gates import GATE_NAMES, judge, make_target, pinned_configuration

NEED_A_SPEC = {"contract", "migration", "pipeline"}
"""Gates that skip where only code without tables is known."""


def test_a_good_tree_passes_every_gate_and_is_left_as_it_was(target: Make, good: dict[str, str]) -> None:
    tree = target(good)
    started: list[str] = []

    results = judge(tree, on_start=started.append)

    assert [result.name for result in results] == list(GATE_NAMES)
    assert {result.status for result in results if result.name not in NEED_A_SPEC} == {"pass"}
    assert sorted(started) == sorted(GATE_NAMES)
    left = {path.relative_to(tree.root).as_posix() for path in tree.root.rglob("*") if path.is_file()}
    assert left == set(good)


def test_an_unknown_gate_is_refused_with_the_known_ones(target: Make, good: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no gate 'style': the gates are syntax, lint, types"):
        judge(target(good), ["lint", "style"])


def test_only_the_named_gates_run_in_their_own_order(target: Make, good: dict[str, str]) -> None:
    assert [result.name for result in judge(target(good), ["lint", "syntax"])] == ["syntax", "lint"]


def test_a_tree_without_python_is_skipped_with_the_reason(target: Make) -> None:
    for result in judge(target({"README.md": "nothing here"})):
        assert (result.status, bool(result.why)) == ("skip", True)


def test_a_file_that_does_not_compile_turns_every_gate_red_but_is_told_once(
    target: Make, good: dict[str, str]
) -> None:
    results = judge(target({**good, "app/calc.py": "def add(:\n"}))

    need_more = NEED_A_SPEC | {"mutation"}  # which looks at tests that hold
    assert {result.status for result in results if result.name not in need_more} == {"fail"}
    assert [result.name for result in results if result.findings] == ["syntax"]


def test_files_are_split_by_their_author_and_no_link_is_followed(sandbox: Executor, tmp_path: Path) -> None:
    root = sandbox.work_dir
    for path in (
        "app/a.py",
        "app/conftest.py",
        "app/test_a.py",
        "alembic/versions/1.py",
        "tests/helper.py",
        ".hidden/b.py",
        "venv/lib/c.py",
        "app/__pycache__/d.py",
        "notes.txt",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / "venv/pyvenv.cfg").touch()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/e.py").touch()
    (root / "linked").symlink_to(tmp_path / "outside")
    (root / "app/linked.py").symlink_to(tmp_path / "outside/e.py")

    tree = make_target(root, sandbox)

    assert tree.sources == ("alembic/versions/1.py", "app/a.py")
    assert tree.tests == ("app/conftest.py", "app/test_a.py", "tests/helper.py")


def test_the_pinned_configuration_names_every_gate() -> None:
    shown = pinned_configuration()
    assert all(f"[{name}" in shown for name in GATE_NAMES)
    assert "--ignore-noqa" in shown
    assert "strict = True" in shown
    assert "--ignore-nosec" in shown
