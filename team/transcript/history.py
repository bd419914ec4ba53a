"""The history of a session's files: a bare git repository outside the sandbox's reach.

The work tree is hostile, so git never looks at it: files are read here, without following links, and fed to
`git fast-import`. No index, no checkout, no hook, no filter, no attribute, no configuration but ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from team.errors import DiskTrouble, UsageError
from team.transcript.fast_import import commit_stream
from team.transcript.git import EMPTY_TREE, Git
from team.transcript.worktree import Entry, entries, make_exactly, text_of_path

_BRANCH = "refs/heads/main"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_EXACT = ("-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")


@dataclass(frozen=True)
class Snapshot:
    """One state of the files.

    Attributes:
        commit: its name in the history; empty where git is missing.
        changed: paths that differ from the state before, POSIX, sorted.
        left_out: what could not be kept: FIFOs, sockets, devices, unreadable and very large files.
    """

    commit: str
    changed: tuple[str, ...]
    left_out: tuple[str, ...] = ()


class History:
    """Snapshots of `work_tree` in the bare repository `git_dir`, which is made when it is missing.

    Args:
        clock: gives the date of each commit, so that the same content at the same time has the same name.

    Raises:
        UsageError: git is not installed.
        DiskTrouble: the repository cannot be made.
    """

    note = ""

    def __init__(
        self, git_dir: Path, work_tree: Path, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.work_tree = Path(work_tree).absolute()
        self._clock = clock or _local_clock
        self._git = Git(Path(git_dir).absolute())
        self._head = self._git.run("for-each-ref", "--format=%(objectname)", _BRANCH).decode().strip()

    @property
    def head(self) -> str:
        """The commit that the next snapshot is compared with; empty before the first."""
        return self._head

    def break_locks(self) -> None:
        """Remove the locks of a killed process; only for the one process that may write here."""
        self._git.break_locks()

    def snapshot(self, author: str, message: str) -> Snapshot:
        """Keep the present state of the files, also when nothing changed.

        Raises:
            DiskTrouble: git cannot write.
        """
        left_out: list[bytes] = []
        found = entries(self.work_tree, left_out)
        stream = commit_stream(found, author, message, self._clock(), branch=_BRANCH, parent=self._head)
        commit = self._git.feed(stream, "fast-import", "--quiet", "--done", "--force").decode().strip()
        changed = self._changed(self._head, commit)
        self._head = commit
        return Snapshot(commit, changed, tuple(sorted(text_of_path(path) for path in left_out)))

    def restore(self, commit: str) -> None:
        """Make the work tree what it was at `commit`: other files go, links are not followed.

        An empty name stands for no files at all, which is where a resumed session begins.

        Raises:
            UsageError: there is no such commit.
            DiskTrouble: the files cannot be written.
        """
        wanted = self._read(self._known(commit)) if commit else []
        make_exactly(self.work_tree, wanted, commit[:12] or "the start")
        if commit:
            self._git.run("update-ref", _BRANCH, commit)
        self._head = commit

    def diff(self, a: str, b: str) -> str:
        """The unified diff from commit `a` to `b`; an empty name stands for no files at all.

        Raises:
            UsageError: there is no such commit.
        """
        return self._diff(a, b, "--patch").decode(errors="replace")

    def numbers(self, a: str, b: str) -> dict[str, tuple[int, int]]:
        """Lines added and removed from `a` to `b`, by path; (0, 0) for binary files."""
        fields = self._diff(a, b, "--numstat", "-z").decode(errors="replace").split("\0")
        rows = (field.split("\t", 2) for field in fields if field.count("\t") >= 2)
        return {path: (_number(added), _number(removed)) for added, removed, path in rows}

    def numbers_of(self, commits: Sequence[str]) -> list[dict[str, tuple[int, int]]]:
        """As `numbers`, from each commit to the next, at once; the first is compared with no files.

        What the history does not hold, such as a name from a log that was tampered with, changed nothing.
        """
        trees = self._trees(commits)
        spans = [f"{a} {b}" for a, b in pairwise([EMPTY_TREE, *trees])]
        told = self._git.run(
            "diff-tree",
            "--stdin",
            *_EXACT,
            "--numstat",
            "-z",
            stdin="".join(f"{s}\n" for s in spans).encode(),
        )
        found: dict[str, dict[str, tuple[int, int]]] = {span: {} for span in spans}
        span = ""
        for piece in told.decode(errors="replace").split("\0"):
            field = piece
            # The name of a pair stands on a line of its own before its files.
            while (head := field.partition("\n"))[1] and head[0] in found:
                span, field = head[0], head[2]
            if field.count("\t") >= 2:
                added, removed, path = field.split("\t", 2)
                found[span][path] = (_number(added), _number(removed))
        return [found[span] for span in spans]

    def _trees(self, commits: Sequence[str]) -> list[str]:
        """The digest of all files at each commit; what is no commit has the one before it."""
        named = [commit if _COMMIT.fullmatch(commit) else "0" * 40 for commit in commits]
        asked = "".join(f"{name}^{{tree}}\n" for name in named).encode()
        told = self._git.run("cat-file", "--batch-check=%(objectname)", stdin=asked).decode().splitlines()
        trees, newest = [], EMPTY_TREE
        for line in told:
            newest = line if _COMMIT.fullmatch(line) else newest
            trees.append(newest)
        return trees

    def take_over(self, other: History, commits: Sequence[str]) -> None:
        """Copy commits of another history, with what they hold; the last one is where this one goes on.

        Raises:
            UsageError: the other history does not hold one of them.
            DiskTrouble: git cannot read or write.
        """
        wanted = "".join(f"{other._known(commit)}\n" for commit in commits).encode()
        pack = other._git.run("pack-objects", "--quiet", "--revs", "--stdout", stdin=wanted)
        self._git.run("unpack-objects", "-q", stdin=pack)
        self._git.run("update-ref", _BRANCH, commits[-1])
        self._head = commits[-1]

    def holds(self, commit: str) -> bool:
        """Whether there is such a commit."""
        try:
            return bool(self._known(commit))
        except UsageError:
            return False

    def damage(self) -> tuple[str, ...]:
        """What git finds wrong with the history, in its own words; empty for a sound one."""
        try:
            self._git.run("fsck", "--full", "--no-dangling", "--no-progress")
        except DiskTrouble as found:
            return (found.problem,)
        return ()

    def tree(self, commit: str) -> str:
        """The digest of all files at `commit`, which does not depend on dates or authors."""
        return self._git.run("rev-parse", "--verify", f"{self._known(commit)}^{{tree}}").decode().strip()

    def files(self, commit: str) -> dict[str, str]:
        """The digest of every file at `commit`, by path.

        Raises:
            UsageError: there is no such commit.
        """
        return {text_of_path(path): sha.decode() for path, _, sha in self._listing(self._known(commit))}

    def show(self, commit: str, path: str) -> str:
        """The text of one file at `commit`; bytes that are not UTF-8 are replaced.

        Raises:
            UsageError: there is no such commit, or no such file in it.
        """
        try:
            content = self._git.run("cat-file", "blob", f"{self._known(commit)}:{path}")
        except DiskTrouble as error:
            raise UsageError(f"{path} is not in {commit[:12]}") from error
        return content.decode(errors="replace")

    def _changed(self, before: str, after: str) -> tuple[str, ...]:
        names = self._diff(before, after, "--name-only", "-z")
        return tuple(sorted(text_of_path(name) for name in names.split(b"\0") if name))

    def _diff(self, a: str, b: str, *how: str) -> bytes:
        trees = [self._known(commit) if commit else EMPTY_TREE for commit in (a, b)]
        return self._git.run("diff-tree", *_EXACT, *how, *trees)

    def _read(self, commit: str) -> list[Entry]:
        names = self._listing(commit)
        blobs = self._git.run("cat-file", "--batch", stdin=b"".join(sha + b"\n" for _, _, sha in names))
        found, at = [], 0
        for path, mode, _ in names:
            start = blobs.index(b"\n", at) + 1
            size = int(blobs[at : start - 1].split(b" ")[2])
            found.append(Entry(path, mode, blobs[start : start + size]))
            at = start + size + 1
        return found

    def _listing(self, commit: str) -> list[tuple[bytes, bytes, bytes]]:
        """Path, mode and blob of every file."""
        listing = self._git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
        rows = [(line.split(b"\t", 1)) for line in listing if line]
        return [(path, meta.split(b" ")[0], meta.split(b" ")[2]) for meta, path in rows]

    def _known(self, commit: str) -> str:
        # Commits are read from logs, which others may have written: never let one pass as an option.
        if not _COMMIT.fullmatch(commit):
            raise UsageError(f"{commit[:60]!r} is not the name of a commit")
        try:
            self._git.run("cat-file", "-e", f"{commit}^{{commit}}")
        except DiskTrouble as error:
            raise UsageError(f"the history holds no commit {commit[:12]}") from error
        return commit


def _local_clock() -> datetime:
    return datetime.now().astimezone()


def _number(field: str) -> int:
    return int(field) if field.isdigit() else 0
