"""The local executor: code runs on this machine, confined by namespaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from executors import unsharing
from executors.base import Limits
from executors.confinement import CACHE, WORKSPACE, View
from executors.errors import SandboxUnavailable
from executors.namespaces import NamespaceTree
from executors.pipes import Standard
from executors.running import ViewExecutor
from executors.scan import Snapshot
from executors.supervisor import Ending, Tree
from executors.warm import WarmPool

NOT_FOUND = 127
"""The exit code of a program that does not exist, as shells have it."""


class LocalExecutor(ViewExecutor):
    """Runs code under bubblewrap, with a seccomp filter, resource limits and the supervisor."""

    name = "local"

    def __init__(
        self, program: Path, view: View, limits: Limits, tier: str, warm: WarmPool | None = None
    ) -> None:
        super().__init__(view, limits)
        self._own_pool = None if warm else WarmPool(program, view, limits)
        self.warm = warm or self._own_pool
        self.tier = tier
        self._program = program
        self.workspace = WORKSPACE
        self.cache = CACHE if view.cache else None

    def over(self, work_dir: Path) -> LocalExecutor:
        """The same sandbox over another folder."""
        return LocalExecutor(self._program, self._view_over(work_dir), self.limits, self.tier, self.warm)

    def close(self) -> None:
        """End the warm servers, unless they are those of another executor; safe to call twice."""
        if self._own_pool is not None:
            self._own_pool.close()

    def _start(self, argv: Sequence[str], limits: Limits, before: Snapshot, standard: Standard) -> Tree:
        view = self._protecting_view(before)
        return unsharing.start(self._program, argv, view, limits, standard)

    def _judge_start(self, tree: Tree, ending: Ending, said: str) -> Ending:
        # Bubblewrap itself tells apart whether it failed or the program did: text of a program is not asked.
        if ending.limit or not isinstance(tree, NamespaceTree) or tree.ran or ending.exit_code != 1:
            return ending
        if "bwrap: execvp " in said:
            return replace(ending, exit_code=126 if "Permission denied" in said else NOT_FOUND)
        raise SandboxUnavailable(
            f"the sandbox cannot be set up ({said.strip() or 'bubblewrap failed'})", unsharing.MEND
        )
