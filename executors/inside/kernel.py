"""What the kernel counts for a container."""

from __future__ import annotations

import os

_CGROUP = "/sys/fs/cgroup"


class Kernel:
    """What the kernel counts for the container: both versions of control groups."""

    def __init__(self) -> None:
        self._new = os.path.exists(f"{_CGROUP}/cgroup.controllers")
        self._files = {
            name: path if self._new else f"{controller}/{old}"
            for name, path, controller, old in (
                ("memory", "memory.stat", "memory", "memory.stat"),
                ("out of memory", "memory.events", "memory", "memory.oom_control"),
                ("tasks", "pids.current", "pids", "pids.current"),
                ("refused tasks", "pids.events", "pids", "pids.events"),
                ("cpu", "cpu.stat", "cpuacct", "cpuacct.usage"),
            )
        }

    def missing(self) -> list[str]:
        """What cannot be counted here."""
        return [name for name in self._files if not os.access(f"{_CGROUP}/{self._files[name]}", os.R_OK)]

    def memory(self) -> int:
        """Bytes that processes and file systems in memory hold; no page cache."""
        fields = self._fields("memory")
        names = ("anon", "shmem") if self._new else ("total_rss", "total_shmem")
        return sum(fields.get(name, 0) for name in names)

    def killed_for_memory(self) -> int:
        """How often the kernel killed for want of memory."""
        return self._fields("out of memory").get("oom_kill", 0)

    def tasks(self) -> int:
        """Processes and their threads."""
        return int(self._text("tasks") or 0)

    def refused_tasks(self) -> int:
        """How often a process or thread was refused."""
        return self._fields("refused tasks").get("max", 0)

    def cpu_seconds(self) -> float:
        """Processor time of all, also of those that are gone."""
        if self._new:
            return self._fields("cpu").get("usage_usec", 0) / 1e6
        return int(self._text("cpu") or 0) / 1e9

    def _text(self, name: str) -> str:
        try:
            with open(f"{_CGROUP}/{self._files[name]}") as file:
                return file.read()
        except OSError:
            return ""

    def _fields(self, name: str) -> dict[str, int]:
        pairs = (line.split() for line in self._text(name).splitlines())
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
