"""Many runs in a row: do they leave a process, mount, container, descriptor or temporary file behind?

    python benchmarks/soak.py [RUNS] [namespaces|Landlock|Docker …]

Prints, for each way to confine, what is there after the first run, after the last, and after closing. The
process makes itself the one that adopts orphans: what a run leaves becomes its child, whoever started it.
Exit code 1 when anything was left.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from executors import Limits, SandboxUnavailable
from executors.bubblewrap import find_bubblewrap
from executors.confinement import View
from executors.daemon import OWNER, connect
from executors.docker import open_docker
from executors.interpreter import own_interpreter
from executors.landlocked import LandlockExecutor
from executors.local import LocalExecutor
from executors.processes import descendants
from executors.running import WorkspaceExecutor

_LIMITS = Limits(wall_seconds=10, memory_mb=256, processes=32)
_QUICK = Limits(wall_seconds=0.3, memory_mb=256, processes=32)
PROGRAMS: tuple[tuple[list[str], Limits], ...] = (
    (["true"], _LIMITS),
    (["sh", "-c", "exit 3"], _LIMITS),
    (["no-such-program"], _LIMITS),
    (["sh", "-c", "sleep 60 & (setsid sleep 60 &) & echo x > ${TMPDIR:-/tmp}/left"], _LIMITS),
    (["sh", "-c", "kill -9 $$"], _LIMITS),
    (["sh", "-c", "echo $$; head -c 1000000 /dev/zero"], _LIMITS),
    (["sh", "-c", "trap '' TERM; mkdir -p d; mkfifo d/p; chmod 0 d"], _LIMITS),
)
SLOW: tuple[tuple[list[str], Limits], ...] = (
    (["sleep", "60"], _QUICK),
    (["sh", "-c", "while :; do sleep 60 & done"], _LIMITS),
)
"""Ended by a limit; every fifteenth run is one of them."""
_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def traces(place: Path) -> dict[str, Counter[str]]:
    """What is there now, by kind: names and how many of each."""
    gc.collect()
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # adopted ones that have ended
            pass
    return {
        "processes": Counter(_processes()),
        "mounts": Counter(_mounts()),
        "descriptors": Counter(_descriptors()),
        "temporary files": Counter(path.name.rpartition("-")[0] for path in place.iterdir()),
        "containers": Counter(_containers()),
    }


def _mounts() -> Iterator[str]:
    """All but those of containers, which come and go with others' on the same machine."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if "/overlay2/" not in line and "/netns/" not in line and "/containers/" not in line:
            yield line


def _processes() -> Iterator[str]:
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for pid in descendants(proc, os.getpid()):
            with suppress(OSError):
                yield (
                    Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:60] or f"[{pid}]"
                )
    finally:
        os.close(proc)


def _descriptors() -> Iterator[str]:
    for entry in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError):
            yield os.readlink(entry).partition(":[")[0]  # noqa: PTH115


def _containers() -> Iterator[str]:
    try:
        client = connect()
    except SandboxUnavailable:
        return
    try:
        for container in client.containers.list(all=True, ignore_removed=True):
            if container.labels.get(OWNER, "").startswith(f"{os.getpid()}-"):
                yield str(container.name) and "container"
    finally:
        client.close()


def soak(executor: WorkspaceExecutor, runs: int, place: Path) -> dict[str, tuple[Counter[str], Counter[str]]]:
    """Run so many programs; by kind of trace: what is new since the first ones, and what is after closing."""
    for argv, limits in PROGRAMS:
        executor.run(argv, limits=limits)
    before = traces(place)
    for number in range(runs):
        programs = SLOW if number % 15 == 14 else PROGRAMS
        argv, limits = programs[(number // 15 if programs is SLOW else number) % len(programs)]
        executor.run(argv, limits=limits)
    time.sleep(1)
    after = traces(place)
    executor.close()
    time.sleep(0.5)
    closed = traces(place)
    return {kind: (after[kind] - before[kind], closed[kind]) for kind in before}


def ways(work_dir: Path) -> dict[str, Callable[[], WorkspaceExecutor]]:
    """How each way to confine is opened over a folder."""
    view = View(work_dir, own_interpreter())

    def namespaces() -> WorkspaceExecutor:
        program = find_bubblewrap(work_dir)
        if program is None:
            raise SandboxUnavailable("bubblewrap was not found", "install it")
        return LocalExecutor(program, view, _LIMITS, "namespaces")

    return {
        "namespaces": namespaces,
        "Landlock": lambda: LandlockExecutor(view, _LIMITS, "Landlock"),
        "Docker": lambda: open_docker(work_dir, _LIMITS),
    }


def main(arguments: list[str]) -> int:
    """Soak what is asked for and print what was left."""
    runs = int(arguments[0]) if arguments else 1000
    adopt_orphans()
    place = Path(tempfile.mkdtemp(prefix="soak-"))
    work_dir = place / "work"
    temporary = place / "tmp"
    work_dir.mkdir()
    temporary.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    failed = False
    for name, opened in ways(work_dir.resolve()).items():
        if arguments[1:] and name not in arguments[1:]:
            continue
        started = time.monotonic()
        try:
            left = soak(opened(), runs, temporary)
        except SandboxUnavailable as missing:
            print(f"{name}: {missing}")
            continue
        seconds = time.monotonic() - started
        new: dict[str, Any] = {kind: dict(more) for kind, (more, _) in left.items() if more}
        failed = failed or bool(new)
        counts = ", ".join(f"{sum(more.values())} {kind}" for kind, (more, _) in left.items())
        print(f"{name}: {runs} runs in {seconds:.0f} s left {counts}{f': {new}' if new else ''}")
        held = {kind: dict(kept) for kind, (_, kept) in left.items() if kind in ("processes", "containers")}
        print(f"  after closing: {held}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
