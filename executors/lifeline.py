"""Kills what was started for a run as soon as this process is gone, however it went and however early."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

_WATCH = "trap '' HUP INT QUIT TERM; while read -r more; do all=\"$all $more\"; done; kill -KILL $all 0"


class Lifeline:
    """A process group with a watcher in it, who kills all of it when this process lets go or dies.

    Bubblewrap asks the kernel to end it with its parent, but only some milliseconds after its start; who was
    killed before that would leave it behind. The watcher holds from the first moment on: it waits for the end
    of a pipe that a new process, too, holds until it is in the group.
    """

    def __init__(self, *held: int) -> None:
        """Start the watcher.

        Args:
            held: descriptors that stay open as long as the watcher lives, whatever happens to this process.
        """
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            process_group=0,
            pass_fds=held,
            bufsize=0,
        )
        self.group = self._watcher.pid
        """The number of the process group, to start processes in."""

    def watch(self, pid: int) -> None:
        """Have one more process killed with the group, which it may leave."""
        assert self._watcher.stdin is not None
        with suppress(BrokenPipeError):  # somebody killed the watcher: bubblewrap's own means are left
            self._watcher.stdin.write(f"{pid}\n".encode())

    def cut(self) -> None:
        """Kill all that is left in the group; safe to call twice."""
        if self._watcher.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGKILL)
            self._watcher.communicate()
