import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from team.errors import UsageError
from team.transcript import worktree
from team.transcript.git import git_program
from team.transcript.history import History, Snapshot

pytestmark = pytest.mark.skipif(git_program() is None, reason="git is not installed")


def clock() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "my 'files' ü"
    folder.mkdir()
    return folder


@pytest.fixture
def history(tmp_path: Path, tree: Path) -> History:
    return History(tmp_path / "history.git", tree, clock=clock)


def listing(tree: Path) -> list[str]:
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))


def test_snapshot_tells_what_changed(history: History, tree: Path) -> None:
    (tree / "b.py").write_text("1\n")
    (tree / "a.py").write_text("1\n")
    assert history.snapshot("developer", "one").changed == ("a.py", "b.py")
    (tree / "b.py").unlink()
    (tree / "a.py").write_text("2\n")
    assert history.snapshot("developer", "two").changed == ("a.py", "b.py")
    assert history.snapshot("developer", "nothing").changed == ()


def test_author_is_the_agent(history: History, tree: Path) -> None:
    commit = history.snapshot("test_engineer\n<x>", "tests\n\nlaid down").commit
    shown = subprocess.run(
        ["git", "-C", tree.parent / "history.git", "show", "-s", "--format=%an|%aI|%s", commit],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "test_engineerx|2026-01-02T00:00:00+00:00|tests\n"


def test_same_files_at_the_same_time_have_the_same_name(tmp_path: Path, tree: Path) -> None:
    (tree / "a.py").write_text("1\n")
    names = {
        History(tmp_path / f"{n}.git", tree, clock=clock).snapshot("developer", "x").commit for n in "ab"
    }
    assert len(names) == 1


def test_diff_numbers_and_show(history: History, tree: Path) -> None:
    (tree / "a.py").write_text("1\n2\n")
    (tree / ".gitattributes").write_text("*.py -diff\n")
    one = history.snapshot("developer", "one").commit
    (tree / "a.py").write_text("1\n3\n4\n")
    two = history.snapshot("developer", "two").commit
    assert "-2\n+3\n+4\n" in history.diff(one, two)
    assert "+++ b/a.py" in history.diff("", one)
    assert history.numbers(one, two) == {"a.py": (2, 1)}
    assert history.show(one, "a.py") == "1\n2\n"
    with pytest.raises(UsageError, match="is not in"):
        history.show(one, "none.py")


@pytest.mark.parametrize("commit", ["--output=/tmp/x", "HEAD", "0" * 40, "main:a"])
def test_only_commits_of_the_history_are_taken(history: History, commit: str) -> None:
    with pytest.raises(UsageError):
        history.restore(commit)


def test_restore_brings_back_exactly_the_files(history: History, tree: Path) -> None:
    (tree / "pkg").mkdir()
    (tree / "pkg" / "a.py").write_text("1\n")
    (tree / "run.sh").write_text("#!/bin/sh\n")
    (tree / "run.sh").chmod(0o755)
    (tree / "link").symlink_to("pkg/a.py")
    commit = history.snapshot("developer", "one").commit
    (tree / "pkg" / "a.py").unlink()
    (tree / "pkg" / "a.py").mkdir()
    (tree / "run.sh").write_text("changed")
    (tree / "link").unlink()
    (tree / "new" / "deep").mkdir(parents=True)
    (tree / "new" / "deep" / "file").write_text("x")
    history.snapshot("developer", "two")
    history.restore(commit)
    assert listing(tree) == ["link", "pkg", "pkg/a.py", "run.sh"]
    assert (tree / "run.sh").stat().st_mode & 0o111
    assert (tree / "link").readlink() == Path("pkg/a.py")
    assert history.snapshot("developer", "again").changed == ()


def test_hostile_tree_is_kept_as_data(history: History, tree: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("outside")
    (tree / "link").symlink_to(secret)
    (tree / "folder").symlink_to(tmp_path)
    os.mkfifo(tree / "fifo")
    odd = ["new\nline", 'quo"te', "back\\slash", "tab\t", "git~1", "colon:", " .. ", "\udcff"]
    for name in odd:
        (tree / name).write_text("x")
    shot = history.snapshot("developer", "hostile")
    assert shot.left_out == ("fifo",)
    assert history.show(shot.commit, "link") == str(secret)
    assert "outside" not in history.diff("", shot.commit)
    for name in odd:
        (tree / name).unlink()
    history.restore(shot.commit)
    assert {os.fsencode(name) for name in odd} <= {os.fsencode(path.name) for path in tree.iterdir()}
    assert not (tree / "fifo").exists()


def test_git_files_of_the_tree_run_nothing(history: History, tree: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tree / ".git" / "hooks").mkdir(parents=True)
    (tree / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / ".git" / "config").write_text(
        f'[core]\n\tfsmonitor = "touch {mark}"\n[filter "f"]\n\tclean = "touch {mark}"\n'
    )
    (tree / ".gitattributes").write_text("* filter=f\n")
    (tree / ".gitignore").write_text("*\n")
    (tree / "a.py").write_text("1\n")
    shot = history.snapshot("developer", "one")
    history.restore(shot.commit)
    assert shot.changed == (".gitattributes", ".gitignore", "a.py")
    assert not mark.exists() and (tree / ".git" / "config").exists()


def test_caches_are_left_out(history: History, tree: Path) -> None:
    for cache in ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"):
        (tree / "pkg" / cache).mkdir(parents=True)
        (tree / "pkg" / cache / "x").write_text("")
    (tree / "pkg" / "m.pyc").write_text("")
    (tree / "pkg" / "m.py").write_text("")
    assert history.snapshot("developer", "one").changed == ("pkg/m.py",)


def test_large_files_are_left_out(history: History, tree: Path) -> None:
    with (tree / "sparse").open("wb") as file:
        file.truncate(worktree.LARGEST_FILE + 1)
    assert history.snapshot("developer", "one").left_out == ("sparse",)


def test_restore_does_not_write_through_planted_links(history: History, tree: Path, tmp_path: Path) -> None:
    (tree / "app").mkdir()
    (tree / "app" / "a.py").write_text("ours\n")
    (tree / "b.py").write_text("ours\n")
    commit = history.snapshot("developer", "one").commit
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").write_text("theirs\n")
    (outside / "b.py").write_text("ours\n")
    (tree / "app" / "a.py").unlink()
    (tree / "app").rmdir()
    (tree / "app").symlink_to(outside)
    (tree / "b.py").unlink()
    (tree / "b.py").hardlink_to(outside / "b.py")
    history.restore(commit)
    assert (outside / "a.py").read_text() == "theirs\n"
    assert (tree / "app" / "a.py").read_text() == "ours\n" and not (tree / "app").is_symlink()
    assert (tree / "b.py").stat().st_nlink == 1


def test_restore_survives_deep_and_locked_folders(history: History, tree: Path) -> None:
    (tree / "a.py").write_text("1\n")
    commit = history.snapshot("developer", "one").commit
    deep = tree
    for _ in range(1100):
        deep = deep / "d"
        deep.mkdir()
    locked = tree / "locked" / "inner"
    locked.mkdir(parents=True)
    locked.chmod(0)
    locked.parent.chmod(0)
    history.restore(commit)
    assert listing(tree) == ["a.py"]


def test_what_follows_a_restore_is_compared_with_it(history: History, tree: Path) -> None:
    (tree / "a.py").write_text("1\n")
    one = history.snapshot("developer", "one").commit
    (tree / "b.py").write_text("1\n")
    history.snapshot("developer", "lost: the log was cut before it was recorded")
    history.restore(one)
    (tree / "b.py").write_text("2\n")
    assert history.snapshot("developer", "two").changed == ("b.py",)


def test_resumed_session_begins_without_files(history: History, tree: Path) -> None:
    (tree / "a.py").write_text("1\n")
    one = history.snapshot("developer", "one").commit
    history.restore("")
    assert listing(tree) == []
    (tree / "a.py").write_text("1\n")
    assert history.snapshot("developer", "one") == Snapshot(one, ("a.py",))
