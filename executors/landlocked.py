"""The local executor where namespaces are forbidden: code runs on this machine, confined by Landlock."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from executors import bubblewrap, domains
from executors.base import Limits
from executors.confinement import View
from executors.domains import DomainTree
from executors.errors import SandboxUnavailable
from executors.running import SupervisedExecutor
from executors.scan import Snapshot
from executors.supervisor import Ending, Tree

BY_DESIGN = ("is root",)
"""Attempts of the self-test that come through: code that root runs stays root, without its powers."""
NOT_FOUND, NOT_EXECUTABLE = 127, 126


class LandlockExecutor(SupervisedExecutor):
    """Runs code in a Landlock domain, with a seccomp filter, resource limits and the supervisor.

    Other than in namespaces of its own:

    - The workspace is seen at its own path, and temporary files lie in `TMPDIR`, not in `/tmp`.
    - Code is the user who runs us, root included, though without any capability.
    - There are no sockets, not even within the run, but `socketpair`; no `/dev/shm`, no `/proc/self`
      beyond its links, no terminals, no `inotify`.
    - What cannot be read can still be asked for: whether a path exists, how large it is, and whose.
      The machine's name and whether a process number is in use can be told as well.
    - In a folder with a `.git`, code can change what is there, but not make anything new beside it.
    """

    name = "local"

    def __init__(self, view: View, limits: Limits, tier: str) -> None:
        super().__init__(view.work_dir, limits)
        self.tier = tier
        self._view = view
        self.workspace = str(view.work_dir)
        self.cache = str(view.cache) if view.cache else None
        self.interpreter = view.interpreter

    def over(self, work_dir: Path) -> LandlockExecutor:
        """The same sandbox over another folder."""
        return LandlockExecutor(replace(self._view, work_dir=work_dir.resolve()), self.limits, self.tier)

    @property
    def _writable(self) -> bool:
        return self._view.writable

    def _start(
        self,
        argv: Sequence[str],
        limits: Limits,
        before: Snapshot,
        *,
        stdin: int,
        stdout: int,
        stderr: int,
    ) -> Tree:
        protected = bubblewrap.repositories(self.work_dir, list(before.entries))
        view = replace(self._view, protected=protected)
        return domains.start(argv, view, limits, stdin=stdin, stdout=stdout, stderr=stderr)

    def _judge_start(self, tree: Tree, ending: Ending, said: str) -> Ending:
        assert isinstance(tree, DomainTree)
        if tree.failed is not None and ending.limit is None:
            raise SandboxUnavailable(f"the sandbox cannot be set up ({tree.failed})", domains.MEND)
        if tree.missing is not None:
            code = NOT_EXECUTABLE if tree.missing == errno.EACCES else NOT_FOUND
            return replace(ending, exit_code=code)
        return ending
