"""Opening a history to write to: after a kill, and without git."""

from __future__ import annotations

from pathlib import Path

import pytest

from team.errors import UsageError
from team.transcript.git import git_program
from team.transcript.opening import NullHistory, open_history


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.mark.skipif(git_program() is None, reason="git is not installed")
def test_history_goes_on_after_a_kill(tmp_path: Path, tree: Path) -> None:
    (tree / "a.py").write_text("1\n")
    one = open_history(tmp_path / "history.git", tree).snapshot("developer", "one").commit
    (tmp_path / "history.git" / "refs" / "heads" / "main.lock").write_text("")
    again = open_history(tmp_path / "history.git", tree)
    assert again.head == one
    (tree / "a.py").write_text("2\n")
    assert again.snapshot("developer", "two").changed == ("a.py",)


def test_without_git_changes_are_still_told(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    history = open_history(tmp_path / "history.git", tree)
    assert isinstance(history, NullHistory) and "git is not installed" in history.note
    (tree / "a.py").write_text("1\n")
    shot = history.snapshot("developer", "one")
    assert (shot.commit, shot.changed) == ("", ("a.py",))
    (tree / "a.py").write_text("2\n")
    history.restore("")
    assert (tree / "a.py").read_text() == "1\n"
    with pytest.raises(UsageError, match="install git"):
        history.restore("a" * 40)
