"""How far over its limits does code get before it is ended? The worst of some rounds, for each way.

    python benchmarks/limits.py [ROUNDS] [namespaces|Landlock|Docker …]

Time: what a run took beyond its limit, with every processor busy many times over. Memory: the most that the
kernel counted, in per cent of the limit; for that the benchmark needs a control group that it may make, as
root may. Exit code 1 when a figure is missed.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soak import ways

from executors import Limits, SandboxUnavailable
from executors.daemon import OWNER, connect
from executors.running import WorkspaceExecutor

ROUNDS = 3
MOST_SECONDS, MOST_MEMORY = 0.5, 1.15
_WALL = 1.0
_SIZES = (128, 512)
_GROUPS = Path("/sys/fs/cgroup")
_FORK = "import os, mmap\nfor _ in range({}): os.fork()\n"
SLOW = {
    "32 busy processes": _FORK.format(5) + "while True: pass",
    "32 × 4 busy threads": (
        _FORK.format(5) + "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(3): threading.Thread(target=spin).start()\nspin()"
    ),
    "deaf": "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.fork()\nwhile True: pass",
    "endless output": "import os\nwhile True: os.write(1, b'x' * 65536)",
    "starts without end": "import subprocess\nwhile True: subprocess.run(['true'])",
}
GREEDY = {
    "one process": "x = []\nwhile True: x.append(bytearray(b'x' * 1_000_000))",
    "8 processes": _FORK.format(3) + "x = []\nwhile True: x.append(bytearray(b'x' * 1_000_000))",
    "8 processes, shared": (
        _FORK.format(3)
        + "x = []\nwhile True:\n    m = mmap.mmap(-1, 1 << 22, mmap.MAP_SHARED); x.append(m)\n"
        "    for i in range(0, 1 << 22, 4096): m[i] = 1"
    ),
}


class Group:
    """A control group, and the most memory that it held."""

    def __init__(self, folder: Path) -> None:
        old = folder / "memory.max_usage_in_bytes"
        self._now = folder / ("memory.usage_in_bytes" if old.exists() else "memory.current")
        self._most = os.open(old if old.exists() else folder / "memory.peak", os.O_RDWR)
        self._before = 0

    def begin(self) -> None:
        """Forget the most so far; before Linux 6.12, only the older kind of group can."""
        gc.collect()
        self._before = int(self._now.read_text())
        os.pwrite(self._most, b"0", 0)

    def peak(self) -> int:
        """Bytes, at most, since then, on top of what was there."""
        return int(os.pread(self._most, 64, 0)) - self._before


@contextmanager
def own_group() -> Iterator[Group | None]:
    """A group with this process in it, for what it starts; None where it may not make one."""
    parent = _GROUPS / "memory" if (_GROUPS / "memory").is_dir() else _GROUPS
    folder = parent / f"devteam-benchmark-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / "cgroup.procs").write_text(str(os.getpid()))
        group = Group(folder)
    except OSError as error:
        print(f"no memory is measured: {error}", file=sys.stderr)
        yield None
        return
    yield group
    (parent / "cgroup.procs").write_text(str(os.getpid()))


def container_group() -> Group:
    """That of the container that this process has started."""
    client = connect()
    try:
        mine = f"{os.getpid()}-"
        (found,) = [c for c in client.containers.list() if c.labels.get(OWNER, "").startswith(mine)]
        found.reload()
        lines = Path(f"/proc/{found.attrs['State']['Pid']}/cgroup").read_text().splitlines()
    finally:
        client.close()
    fields = [line.split(":", 2) for line in lines]
    old = [path for _, kind, path in fields if kind == "memory"]
    return Group(_GROUPS / "memory" / old[0][1:] if old else _GROUPS / fields[0][2][1:])


def over_time(executor: WorkspaceExecutor, code: str) -> float:
    """Seconds that a run took beyond its limit."""
    limits = Limits(wall_seconds=_WALL, processes=64)
    assert executor.run(["true"], limits=limits).ok  # in a container of that size
    began = time.monotonic()
    outcome = executor.run(["python", "-c", code], limits=limits)
    assert outcome.limit == "wall", outcome
    return time.monotonic() - began - _WALL


def memory_share(executor: WorkspaceExecutor, code: str, size: int, group: Group | None) -> float:
    """The most memory of a run, as a share of its limit."""
    limits = Limits(wall_seconds=20, memory_mb=size)
    assert executor.run(["python", "-c", "pass"], limits=limits).ok
    measured = group or container_group()
    measured.begin()
    outcome = executor.run(["python", "-c", code], limits=limits)
    assert outcome.limit == "memory", outcome
    return measured.peak() / (size << 20)


def main(arguments: list[str]) -> int:
    """Measure, print, and say by the exit code whether every figure is reached."""
    rounds = int(arguments[0]) if arguments else ROUNDS
    reached = True
    with tempfile.TemporaryDirectory() as place, own_group() as group:
        for way, opened in ways(Path(place).resolve()).items():
            if arguments[1:] and way not in arguments[1:]:
                continue
            try:
                executor = opened()
                executor.run(["true"])
            except SandboxUnavailable as missing:
                print(f"{way}: {missing}")
                continue
            with executor:
                for name, code in SLOW.items():
                    worst = max(over_time(executor, code) for _ in range(rounds))
                    reached = reached and worst <= MOST_SECONDS
                    print(f"{way:<11} {name:<28} {worst:5.2f} s over {_WALL:g} s", flush=True)
                for name, code in GREEDY.items() if group is not None else ():
                    for size in _SIZES:
                        of = None if way == "Docker" else group
                        share = max(memory_share(executor, code, size, of) for _ in range(rounds))
                        reached = reached and share <= MOST_MEMORY
                        print(f"{way:<11} {f'{name}, {size} MB':<28} {share:5.0%}", flush=True)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
