"""The local executor where namespaces are forbidden: code runs on this machine, confined by Landlock."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from executors import domains
from executors.base import Limits
from executors.confinement import View
from executors.domains import DomainTree
from executors.errors import SandboxUnavailable
from executors.pipes import Standard
from executors.running import ViewExecutor
from executors.scan import Snapshot
from executors.supervisor import Ending, Tree

BY_DESIGN = ("is root",)
"""Attempts of the self-test that come through: code that root runs stays root, without its powers."""
NOT_FOUND, NOT_EXECUTABLE = 127, 126


class LandlockExecutor(ViewExecutor):
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
        super().__init__(view, limits)
        self.tier = tier

    def over(self, work_dir: Path) -> LandlockExecutor:
        """The same sandbox over another folder."""
        return LandlockExecutor(self._view_over(work_dir), self.limits, self.tier)

    def _start(self, argv: Sequence[str], limits: Limits, before: Snapshot, standard: Standard) -> Tree:
        return domains.start(argv, self._protecting_view(before), limits, standard)

    def _judge_start(self, tree: Tree, ending: Ending, said: str) -> Ending:
        assert isinstance(tree, DomainTree)
        if tree.failed is not None and ending.limit is None:
            raise SandboxUnavailable(f"the sandbox cannot be set up ({tree.failed})", domains.MEND)
        if tree.missing is not None:
            code = NOT_EXECUTABLE if tree.missing == errno.EACCES else NOT_FOUND
            return replace(ending, exit_code=code)
        return ending
