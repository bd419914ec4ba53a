"""The workspace during one run: how much it grew, what changed, and what must not stay in it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from executors.base import LimitName, Limits
from executors.disarm import disarm, lay_open
from executors.scan import Snapshot, scan
from executors.supervisor import MB

_SCAN_SHARE = 0.1  # of the time, at most, is spent on scanning while code runs


@dataclass(frozen=True)
class Settled:
    """What a run left behind."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    limit: LimitName | None


class WorkspaceWatch:
    """Follows a workspace from before a run to after it."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        started = time.monotonic()
        self.before = scan(root)
        self._cost = time.monotonic() - started
        self._next_scan = 0.0
        self._free_then = self._free()

    def room_left(self) -> LimitName | None:
        """The workspace's limit that is exceeded now, as far as can be told cheaply.

        A full scan is made when its turn has come, and at once when the file system has lost much room.
        """
        now = time.monotonic()
        lost = self._free_then - self._free()
        if now < self._next_scan and lost < self._limits.disk_mb * MB // 4:
            return None
        current = scan(self._root, at_most=self._most_files())
        self._cost = time.monotonic() - now
        self._next_scan = time.monotonic() + max(0.1, self._cost / _SCAN_SHARE)
        self._free_then = self._free() if lost > 0 else self._free_then
        return self.over(current)

    def over(self, current: Snapshot) -> LimitName | None:
        """The limit that this state exceeds."""
        if current.disk_bytes - self.before.disk_bytes > self._limits.disk_mb * MB:
            return "disk"
        grown = len(current.entries) > max(self._limits.files, len(self.before.entries))
        return "files" if grown or current.too_deep else None

    def settle(self) -> Settled:
        """Take stock once nothing runs any more."""
        after = scan(self._root)
        while lay_open(self._root, after):  # what was closed may hold more that is closed
            after = scan(self._root)
        over = self.over(after)
        removed = disarm(self._root, self.before, after)
        if removed:
            after = scan(self._root)
        return Settled(changed=after.changed_since(self.before), removed=removed, limit=over)

    def _most_files(self) -> int:
        return max(self._limits.files, len(self.before.entries))

    def _free(self) -> int:
        room = os.statvfs(self._root)
        return room.f_bfree * room.f_frsize
