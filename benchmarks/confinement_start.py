"""What confinement costs at the start of a program: bare, under bubblewrap, under Landlock, side by side.

    python benchmarks/confinement_start.py [ROUNDS]

Every round starts `python -c pass` once in each way, in turns, so that a busy machine is busy for all of
them. Printed are the medians in milliseconds, and the median of each round's own ratio to the bare start.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from executors import Limits, SandboxUnavailable, landlock
from executors.bubblewrap import find_bubblewrap
from executors.confinement import View
from executors.interpreter import own_interpreter
from executors.landlocked import LandlockExecutor
from executors.local import LocalExecutor

ROUNDS = 40
COMMAND = ["python", "-c", "pass"]


def ways(work_dir: Path) -> dict[str, Callable[[], object]]:
    """How the program is started, by name; what this machine lacks is left out, and said."""
    interpreter = own_interpreter()
    bare = [str(interpreter.executable), *COMMAND[1:]]
    found: dict[str, Callable[[], object]] = {"bare": lambda: subprocess.run(bare, cwd=work_dir, check=True)}
    view = View(work_dir, interpreter)
    program = find_bubblewrap(work_dir)
    if program is None:
        print("bubblewrap is missing", file=sys.stderr)
    else:
        namespaces = LocalExecutor(program, view, Limits(), "")
        found["bubblewrap"] = lambda: _checked(namespaces)
    try:
        landlock.require()
    except SandboxUnavailable as missing:
        print(missing, file=sys.stderr)
    else:
        landlocked = LandlockExecutor(view, Limits(), "")
        found["landlock"] = lambda: _checked(landlocked)
    return found


def _checked(executor: LocalExecutor | LandlockExecutor) -> None:
    outcome = executor.run(COMMAND)
    assert outcome.ok, outcome


def _seconds(start: Callable[[], object]) -> float:
    began = time.perf_counter()
    start()
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        started = ways(Path(folder).resolve())
        for start in started.values():
            start()  # the launcher, and what the system caches
        taken = [{name: _seconds(start) for name, start in started.items()} for _ in range(rounds)]
    for name in started:
        milliseconds = median(times[name] for times in taken) * 1000
        ratio = median(times[name] / times["bare"] for times in taken)
        print(f"{name:<12} {milliseconds:7.1f} ms   {ratio:5.2f} × bare")


if __name__ == "__main__":
    main()
