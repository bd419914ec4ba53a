"""Opens the history that a session writes to; where git is missing, one that keeps nothing on disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from team.errors import UsageError
from team.transcript.git import git_program
from team.transcript.history import History, Snapshot
from team.transcript.worktree import Entry, entries, make_exactly, text_of_path


class NullHistory:
    """Stands in where git is missing: knows the state before, and keeps nothing on disk."""

    note = "git is not installed: no history of the files is kept; install git to get diffs and resume"
    head = ""

    def __init__(self, work_tree: Path) -> None:
        self.work_tree = Path(work_tree).absolute()
        self._before: list[Entry] = []

    def snapshot(self, author: str, message: str) -> Snapshot:
        """What changed since the last call; the commit is empty."""
        left_out: list[bytes] = []
        now = list(entries(self.work_tree, left_out))
        changed = {entry.path for entry in {*self._before} ^ {*now}}
        self._before = now
        return Snapshot(
            "", tuple(sorted(map(text_of_path, changed))), tuple(sorted(map(text_of_path, left_out)))
        )

    def restore(self, commit: str) -> None:
        """Go back to the last snapshot, the only one that is known, or to no files before the first.

        Raises:
            UsageError: another one is asked for.
            DiskTrouble: the files cannot be written.
        """
        if commit:
            raise UsageError(f"the files of {commit[:12]} cannot be restored without git", "install git")
        make_exactly(self.work_tree, self._before, "the last snapshot")

    def tree(self, commit: str) -> str:
        """Nothing was kept, so nothing has a name."""
        return ""


def open_history(
    git_dir: Path, work_tree: Path, *, clock: Callable[[], datetime] | None = None
) -> History | NullHistory:
    """The history of a session to write to; where git is missing, a stand-in whose `note` says so.

    Locks that a killed process left in the repository are removed, so hold the session's own lock.
    """
    if git_program() is None:
        return NullHistory(work_tree)
    history = History(git_dir, work_tree, clock=clock)
    history.break_locks()
    return history
