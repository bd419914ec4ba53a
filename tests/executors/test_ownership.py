"""The workspace is lent to the user that code in a container runs as."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from executors.ownership import SANDBOX_USER, lent, user_of_code

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: others own what their code makes")


def owner(path: Path) -> int:
    return path.lstat().st_uid


def test_code_never_runs_as_root() -> None:
    assert user_of_code()[0] == (os.geteuid() or SANDBOX_USER)


@root_only
def test_files_are_lent_and_come_back_with_what_was_made(tmp_path: Path) -> None:
    (tmp_path / "ours" / "deep").mkdir(parents=True)
    (tmp_path / "ours" / "file").touch()
    (tmp_path / "theirs").touch()
    os.chown(tmp_path / "theirs", 1234, 1235)
    with lent(tmp_path):
        assert {owner(path) for path in (tmp_path, *tmp_path.rglob("*"))} == {SANDBOX_USER}
        (tmp_path / "made").touch()
        os.chown(tmp_path / "made", SANDBOX_USER, SANDBOX_USER)
    assert {owner(tmp_path / name) for name in (".", "ours", "ours/deep", "ours/file", "made")} == {0}
    assert (owner(tmp_path / "theirs"), (tmp_path / "theirs").stat().st_gid) == (1234, 1235)


@root_only
def test_nothing_outside_changes_its_owner(tmp_path: Path) -> None:
    """Neither through links to files and folders, nor by a second name."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    (outside / "folder").mkdir(parents=True)
    (outside / "file").touch()
    root.mkdir()
    (root / "link").symlink_to(outside / "file")
    (root / "folder").symlink_to(outside / "folder")
    (root / "second name").hardlink_to(outside / "file")
    with lent(root):
        assert {owner(path) for path in (outside, *outside.rglob("*"))} == {0}
        assert owner(root / "link") == SANDBOX_USER
    assert {owner(path) for path in root.rglob("*")} == {0}


@root_only
def test_what_a_killed_host_left_lent_comes_back(tmp_path: Path) -> None:
    (tmp_path / "left").touch()
    os.chown(tmp_path / "left", SANDBOX_USER, SANDBOX_USER)
    with lent(tmp_path):
        pass
    assert owner(tmp_path / "left") == 0
