"""The workspace during one run: how much it grew, what changed, and what must not stay in it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from executors.base import LimitName, Limits
from executors.disarm import disarm, lay_open
from executors.scan import Snapshot, scan, size_of
from executors.supervisor import MB

_SCAN_SECONDS = 0.1
_SCAN_SHARE = 0.1  # of the time, at most, is spent on scanning while code runs


@dataclass(frozen=True)
class Settled:
    """What a run left behind."""

    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    limit: LimitName | None = None


class HoldsFiles(Protocol):
    """What a run still holds open."""

    def deleted_bytes(self, device: int) -> int:
        """What open files of this device hold that have no name any more."""
        ...


class WorkspaceWatch:
    """Follows a workspace from before a run to after it."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._device = root.stat().st_dev
        self._free_then = self._free()
        self._next_scan = time.monotonic() + _SCAN_SECONDS
        self.before = scan(root)

    def room_left(self, tree: HoldsFiles) -> LimitName | None:
        """The workspace's limit that is exceeded now, as far as can be told cheaply.

        A full scan is made when its turn has come, and at once when the file system has lost much room.
        """
        now, free = time.monotonic(), self._free()
        if now < self._next_scan and self._free_then - free < self._limits.disk_mb * MB // 4:
            return None
        self._free_then = free
        current = scan(self._root, at_most=self._most_files())
        cost = time.monotonic() - now
        self._next_scan = now + cost + max(_SCAN_SECONDS, cost / _SCAN_SHARE)
        return self._over(current, tree.deleted_bytes(self._device))

    def _over(self, current: Snapshot, deleted_bytes: int = 0) -> LimitName | None:
        """The limit that this state exceeds."""
        if current.disk_bytes + deleted_bytes - self.before.disk_bytes > self._limits.disk_mb * MB:
            return "disk"
        if current.too_deep and not self.before.too_deep:
            return "files"
        return "files" if len(current.entries) > self._most_files() else None

    def settle(self, *, failed: bool) -> Settled:
        """Take stock once nothing runs any more; `failed` says how the program ended."""
        after = scan(self._root)
        while lay_open(self._root, after):  # what was closed may hold more that is closed
            after = scan(self._root)
        over = self._over(after)
        removed = disarm(self._root, self.before, after)
        if removed:
            after = scan(self._root)
        if over is None and failed and self._has_full_file(after):
            over = "file"
        return Settled(changed=after.changed_since(self.before), removed=removed, limit=over)

    def _has_full_file(self, after: Snapshot) -> bool:
        """Whether a file was written up to the limit: the program most likely failed for it."""
        full = self._limits.file_mb * MB
        changed = (stamp for path, stamp in after.entries.items() if self.before.entries.get(path) != stamp)
        return any(size_of(stamp) >= full for stamp in changed)

    def _most_files(self) -> int:
        return max(self._limits.files, len(self.before.entries))

    def _free(self) -> int:
        room = os.statvfs(self._root)
        return room.f_bfree * room.f_frsize
