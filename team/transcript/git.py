"""Runs git over one bare repository, deaf to every configuration but ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from team.errors import DiskTrouble, UsageError

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The name that git gives to no files at all."""

_SETTINGS = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.attributesFile=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false", "-c", "gc.auto=0"),
    *("-c", "core.quotePath=false", "-c", "core.pager=cat", "-c", "init.defaultBranch=main"),
)


def git_program() -> str | None:
    """Where git is, or None."""
    return shutil.which("git")


class Git:
    """Commands over the bare repository `git_dir`, which is made when it is missing.

    Raises:
        UsageError: git is not installed.
        DiskTrouble: the repository cannot be made.
    """

    def __init__(self, git_dir: Path) -> None:
        program = git_program()
        if program is None:
            raise UsageError("git is not installed", "install git")
        self.git_dir = git_dir
        self._command = (program, *_SETTINGS)
        self._env = _environment(git_dir)
        if not (git_dir / "HEAD").exists():
            try:
                git_dir.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DiskTrouble(f"cannot make {git_dir}: {error.strerror}") from error
            self.run("init", "--bare", "--quiet", "--template=")

    def break_locks(self) -> None:
        """Remove what a killed git left behind; only for the one process that may write here."""
        for lock in (*self.git_dir.glob("*.lock"), *(self.git_dir / "refs").rglob("*.lock")):
            lock.unlink(missing_ok=True)

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What a command prints.

        Raises:
            DiskTrouble: it failed; git's own words are in the message.
        """
        try:
            done = subprocess.run(
                [*self._command, *arguments],
                input=stdin,
                capture_output=True,
                check=False,
                env=self._env,
                cwd=self.git_dir,
            )
        except OSError as error:
            raise self._no_git(error) from error
        if done.returncode:
            raise self._failed(arguments[0], done.stderr)
        return done.stdout

    def feed(self, stream: Iterable[bytes], *arguments: str) -> bytes:
        """The same for a command that reads a long stream, never held whole, and prints little."""
        pipe = subprocess.PIPE
        command = [*self._command, *arguments]
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
            raise self._no_git(error) from error
        if git.returncode:
            raise self._failed(arguments[0], err)
        return out

    def _no_git(self, error: OSError) -> DiskTrouble:
        return DiskTrouble(f"git cannot be run in {self.git_dir}: {error.strerror}")

    def _failed(self, command: str, stderr: bytes) -> DiskTrouble:
        lines = stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        return DiskTrouble(f"git {command} failed in {self.git_dir}: {lines[0]}")


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
        "GIT_ATTR_SOURCE": EMPTY_TREE,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
