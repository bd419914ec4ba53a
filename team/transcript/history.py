"""The history of a session's files: a bare git repository outside the sandbox's reach.

The work tree is hostile, so git never looks at it: files are read here, without following links, and fed to
`git fast-import`. No index, no checkout, no hook, no filter, no attribute, no configuration but ours.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from team.errors import DiskTrouble, UsageError
from team.transcript.worktree import Entry, entries, make_exactly

_BRANCH = "refs/heads/main"
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SETTINGS = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.attributesFile=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false", "-c", "gc.auto=0"),
    *("-c", "core.quotePath=false", "-c", "core.pager=cat", "-c", "init.defaultBranch=main"),
)


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
        self.git_dir = Path(git_dir).absolute()
        self.work_tree = Path(work_tree).absolute()
        self._clock = clock or _local_clock
        git = shutil.which("git")
        if git is None:
            raise UsageError("git is not installed", "install git")
        self._command = (git, *_SETTINGS)
        self._env = _environment(self.git_dir)
        if not (self.git_dir / "HEAD").exists():
            self._make()
        self._head = self._git("for-each-ref", "--format=%(objectname)", _BRANCH).decode().strip()

    @property
    def head(self) -> str:
        """The commit that the next snapshot is compared with; empty before the first."""
        return self._head

    def snapshot(self, author: str, message: str) -> Snapshot:
        """Keep the present state of the files, also when nothing changed.

        Raises:
            DiskTrouble: git cannot write.
        """
        left_out: list[bytes] = []
        commit = self._import(self._stream(author, message, left_out))
        changed = self._changed(self._head, commit)
        self._head = commit
        return Snapshot(commit, changed, tuple(sorted(_text(path) for path in left_out)))

    def restore(self, commit: str) -> None:
        """Make the work tree what it was at `commit`: other files go, links are not followed.

        Raises:
            UsageError: there is no such commit.
            DiskTrouble: the files cannot be written.
        """
        wanted = self._read(self._known(commit))
        try:
            make_exactly(self.work_tree, wanted)
        except OSError as error:
            raise DiskTrouble(f"the files of {commit[:12]} cannot be restored: {error}") from error
        self._git("update-ref", _BRANCH, commit)
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

    def tree(self, commit: str) -> str:
        """The digest of all files at `commit`, which does not depend on dates or authors."""
        return self._git("rev-parse", "--verify", f"{self._known(commit)}^{{tree}}").decode().strip()

    def show(self, commit: str, path: str) -> str:
        """The text of one file at `commit`; bytes that are not UTF-8 are replaced.

        Raises:
            UsageError: there is no such commit, or no such file in it.
        """
        try:
            content = self._git("cat-file", "blob", f"{self._known(commit)}:{path}")
        except DiskTrouble as error:
            raise UsageError(f"{path} is not in {commit[:12]}") from error
        return content.decode(errors="replace")

    def _make(self) -> None:
        try:
            self.git_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DiskTrouble(f"cannot make {self.git_dir}: {error.strerror}") from error
        self._git("init", "--bare", "--quiet", "--template=")

    def _stream(self, author: str, message: str, left_out: list[bytes]) -> Iterator[bytes]:
        when = f"{int(self._clock().timestamp())} +0000"
        name = re.sub(r"[<>\x00-\x1f]", "", author).strip() or "devteam"
        text = message.encode(errors="replace")
        yield f"commit {_BRANCH}\nmark :1\n".encode()
        for part in ("author", "committer"):
            yield f"{part} {name} <{name.replace(' ', '.')}@devteam> {when}\n".encode(errors="replace")
        yield b"data %d\n%b\n" % (len(text), text)
        if self._head:
            yield b"from %b\n" % self._head.encode()
        yield b"deleteall\n"
        for entry in entries(self.work_tree, left_out):
            size = len(entry.content)
            yield b"M %b inline %b\ndata %d\n%b\n" % (entry.mode, _quoted(entry.path), size, entry.content)
        yield b"\nget-mark :1\ndone\n"

    def _changed(self, before: str, after: str) -> tuple[str, ...]:
        names = self._diff(before, after, "--name-only", "-z")
        return tuple(sorted(_text(name) for name in names.split(b"\0") if name))

    def _diff(self, a: str, b: str, *how: str) -> bytes:
        trees = [self._known(commit) if commit else _EMPTY_TREE for commit in (a, b)]
        fixed = ("-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
        return self._git("diff-tree", *fixed, *how, *trees)

    def _read(self, commit: str) -> list[Entry]:
        listing = self._git("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
        rows = [line.split(b"\t", 1) for line in listing if line]
        names = [(path, *meta.split(b" ")) for meta, path in rows]
        blobs = self._git("cat-file", "--batch", stdin=b"".join(sha + b"\n" for _, _, _, sha in names))
        found, at = [], 0
        for path, mode, _, _ in names:
            start = blobs.index(b"\n", at) + 1
            size = int(blobs[at : start - 1].split(b" ")[2])
            found.append(Entry(path, mode, blobs[start : start + size]))
            at = start + size + 1
        return found

    def _known(self, commit: str) -> str:
        # Commits are read from logs, which others may have written: never let one pass as an option.
        if not _COMMIT.fullmatch(commit):
            raise UsageError(f"{commit[:60]!r} is not the name of a commit")
        try:
            self._git("cat-file", "-e", f"{commit}^{{commit}}")
        except DiskTrouble as error:
            raise UsageError(f"the history holds no commit {commit[:12]}") from error
        return commit

    def _import(self, stream: Iterator[bytes]) -> str:
        """Feed the stream piece by piece, so that a large tree is never held as a whole."""
        command = [*self._command, "fast-import", "--quiet", "--done", "--force"]
        pipe = subprocess.PIPE
        try:
            with subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, env=self._env, cwd=self.git_dir
            ) as git:
                assert git.stdin is not None
                with contextlib.suppress(BrokenPipeError):
                    for piece in stream:
                        git.stdin.write(piece)
                out, err = git.communicate()
        except OSError as error:
            raise DiskTrouble(f"git cannot be run in {self.git_dir}: {error.strerror}") from error
        if git.returncode:
            raise self._failed("fast-import", err)
        return out.decode().strip()

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = [*self._command, *arguments]
        try:
            run = subprocess.run(
                command, input=stdin, capture_output=True, check=False, env=self._env, cwd=self.git_dir
            )
        except OSError as error:
            raise DiskTrouble(f"git cannot be run in {self.git_dir}: {error.strerror}") from error
        if run.returncode:
            raise self._failed(arguments[0], run.stderr)
        return run.stdout

    def _failed(self, command: str, stderr: bytes) -> DiskTrouble:
        lines = stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        return DiskTrouble(f"git {command} failed in {self.git_dir}: {lines[0]}")


class NullHistory:
    """Stands in where git is missing: tells what changed, keeps nothing."""

    note = "git is not installed: the history of the files is not kept; install git to get diffs and resume"
    head = ""

    def __init__(self, work_tree: Path) -> None:
        self.work_tree = Path(work_tree).absolute()
        self._before: dict[bytes, int] = {}

    def snapshot(self, author: str, message: str) -> Snapshot:
        """What changed since the last call; the commit is empty."""
        left_out: list[bytes] = []
        now = {entry.path: hash((entry.mode, entry.content)) for entry in entries(self.work_tree, left_out)}
        changed = {path for path, _ in self._before.items() ^ now.items()}
        self._before = now
        return Snapshot("", tuple(sorted(map(_text, changed))), tuple(sorted(map(_text, left_out))))

    def restore(self, commit: str) -> None:
        """Always raises `UsageError`: nothing was kept."""
        raise UsageError("the files cannot be restored, git is not installed", "install git")

    def diff(self, a: str, b: str) -> str:
        """Nothing was kept, so nothing differs."""
        return ""

    def numbers(self, a: str, b: str) -> dict[str, tuple[int, int]]:
        """Nothing was kept, so nothing differs."""
        return {}

    def tree(self, commit: str) -> str:
        """Nothing was kept."""
        return ""

    def show(self, commit: str, path: str) -> str:
        """Always raises `UsageError`: nothing was kept."""
        raise UsageError(f"{path} cannot be shown, git is not installed", "install git")


def open_history(
    git_dir: Path, work_tree: Path, *, clock: Callable[[], datetime] | None = None
) -> History | NullHistory:
    """The history of a session, or its stand-in where git is missing, whose `note` says so."""
    return History(git_dir, work_tree, clock=clock) if shutil.which("git") else NullHistory(work_tree)


def _environment(git_dir: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "HOME": os.devnull,
        "GIT_DIR": str(git_dir),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        # Without it newer versions take attributes, such as "-diff", from the tree that is compared.
        "GIT_ATTR_SOURCE": _EMPTY_TREE,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


def _local_clock() -> datetime:
    return datetime.now().astimezone()


def _quoted(path: bytes) -> bytes:
    """A path in git's C style, which fast-import reads back byte by byte."""
    escaped = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'


def _text(path: bytes) -> str:
    return path.decode(errors="backslashreplace")


def _number(field: str) -> int:
    return int(field) if field.isdigit() else 0
