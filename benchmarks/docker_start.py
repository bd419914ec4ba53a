"""What a run in a warm container costs over the program's own time; medians, side by side.

`python benchmarks/docker_start.py [RUNS]`; a Docker daemon and the image are needed
(`devteam doctor --build-image`).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from executors import Outcome, SandboxUnavailable, open_executor
from executors.daemon import SESSION, connect

PROGRAM = ["python", "-c", "pass"]
SELF_TIMED = (
    "import os, time\n"
    "ticks = int(open('/proc/self/stat').read().rpartition(')')[2].split()[19])\n"
    "up = float(open('/proc/uptime').read().split()[0])\n"
    "print(up - ticks / os.sysconf('SC_CLK_TCK'))"
)
ALLOWED_MS = 150


def main(runs: int) -> int:
    with tempfile.TemporaryDirectory(prefix="devteam-benchmark-") as place:
        work_dir = Path(place)
        try:
            executor = open_executor("docker", work_dir=work_dir)
        except SandboxUnavailable as missing:
            print(missing, file=sys.stderr)
            return 3
        with executor:
            first = timed(lambda: executor.run(PROGRAM))
            warm, exec_, bare = [], [], []
            (container,) = connect().containers.list(filters={"label": f"{SESSION}={work_dir.name}"})
            for _ in range(runs):  # side by side, so that a busy machine is busy for all
                warm.append(timed(lambda: executor.run(PROGRAM)))
                exec_.append(timed(lambda: container.exec_run(PROGRAM)))
                bare.append(timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)))
            inside = statistics.median(own_time(executor.run(["python", "-c", SELF_TIMED])) for _ in range(9))
            copies = [timed(lambda: other_folder(executor)) for _ in range(3)]
            closing = timed(executor.close)
    middle = {name: statistics.median(times) * 1000 for name, times in
              {"warm": warm, "exec": exec_, "bare": bare, "over": copies}.items()}  # fmt: skip
    over = middle["warm"] - inside * 1000
    print(f"first run, with the container's start          {first * 1000:7.0f} ms")
    print(f"run in a warm container                        {middle['warm']:7.1f} ms (median of {runs})")
    print(f"  the program's own time inside                {inside * 1000:7.1f} ms (in steps of 10)")
    print(f"  over it                                      {over:7.1f} ms (allowed: {ALLOWED_MS})")
    print(f"plain `docker exec` into the same container    {middle['exec']:7.1f} ms")
    print(f"bare `python -c pass` on this machine          {middle['bare']:7.1f} ms")
    print(f"over another folder: open, run, close          {middle['over']:7.0f} ms")
    print(f"closing                                        {closing * 1000:7.0f} ms")
    return 0 if over <= ALLOWED_MS else 1


def timed(what: Callable[[], object]) -> float:
    started = time.perf_counter()
    what()
    return time.perf_counter() - started


def own_time(outcome: Outcome) -> float:
    return float(outcome.output)


def other_folder(executor: object) -> None:
    with tempfile.TemporaryDirectory() as place, executor.over(Path(place)) as other:  # type: ignore[attr-defined]
        other.run(PROGRAM)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
