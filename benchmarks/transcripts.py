"""How fast long transcripts are shown, many sessions are found, and events are written.

Prints each figure with its limit; `python benchmarks/transcripts.py`. The processor's time is printed beside
the clock's, because a shared machine makes the second one meaningless.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.transcripts import long_session, write_log, write_sessions  # noqa: E402

from team.transcript.events import Note  # noqa: E402
from team.transcript.store import SessionLog  # noqa: E402

TRIES = 5
COMMAND = [sys.executable, "-m", "team.cli"]


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["DEVTEAM_CACHE_DIR"] = str(folder / "cache")
        showing(folder)
        finding(folder)
        writing(folder)


def showing(folder: Path) -> None:
    sizes = (1_000, 10_000)
    logs = {
        count: write_log(
            folder / "long" / f"20260102-030405-{count}-beef", long_session(count, count * 2_000)
        )
        for count in sizes
    }
    peaks = {count: peak_memory("show", str(log)) for count, log in logs.items()}
    first = [first_output("show", str(logs[10_000])) for _ in range(TRIES)]
    told("show, 10,000 events (20 MB), first output", median(first), 0.5, "s")
    told("show, 10,000 events (20 MB), processor", processor("show", str(logs[10_000])), None, "s")
    told(
        f"show, peak memory of 10,000 events by that of 1,000 ({peaks[1_000]} MB)",
        peaks[10_000] / peaks[1_000],
        1.5,
        "×",
    )


def finding(folder: Path) -> None:
    write_sessions(folder / "many", 5_000)
    work_dir = ["--work-dir", str(folder / "many")]
    told("index of 5,000 sessions built and listed", clock("list", *work_dir), 20, "s")
    told("5,000 sessions listed", median(clock("list", *work_dir) for _ in range(TRIES)), 0.3, "s")
    told("5,000 sessions listed, processor", processor("list", *work_dir), None, "s")
    told(
        "5,000 sessions searched",
        median(clock("list", "-q", "number 77", *work_dir) for _ in range(TRIES)),
        None,
        "s",
    )
    told("figures over 5,000 sessions", median(clock("stats", *work_dir) for _ in range(TRIES)), None, "s")


def writing(folder: Path) -> None:
    told(
        "2 kB written and synced by itself, the disk's own pace",
        median(bare_writes(folder)) * 1000,
        None,
        "ms",
    )
    seconds = []
    with SessionLog.create(folder / "written") as log:
        for _ in range(500):
            began = time.perf_counter()
            log.record(Note(text="x" * 2_000))
            seconds.append(time.perf_counter() - began)
    told("an event of 2 kB written and synced", median(seconds) * 1000, 1, "ms")


def bare_writes(folder: Path) -> list[float]:
    seconds = []
    with (folder / "bare").open("ab", buffering=0) as file:
        for _ in range(500):
            began = time.perf_counter()
            file.write(b"x" * 2_000)
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - began)
    return seconds


def told(what: str, value: float, limit: float | None, unit: str) -> None:
    bound = f"  (limit {limit:g} {unit})" if limit is not None else ""
    mark = "" if limit is None else "ok   " if value <= limit else "OVER "
    print(f"{mark:<5}{what}: {value:.3f} {unit}{bound}", flush=True)


def clock(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def processor(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def first_output(*arguments: str) -> float:
    began = time.perf_counter()
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seconds = time.perf_counter() - began
        process.stdout.read()
    return seconds


def peak_memory(*arguments: str) -> int:
    """The largest resident set of one run, in MB."""
    script = "import resource, subprocess, sys\n"
    script += "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMAND, *arguments], check=True, capture_output=True, text=True
    )
    return int(done.stdout)


if __name__ == "__main__":
    main()
