"""One entity to an accepted module on the draft model: with caches cold, then warm, and the parts' shares.

`python benchmarks/drafts.py [SPEC] [RUNS]`. Every run is a whole `devteam crud` of its own process, AutoGen's
import included. The environment of the sandbox is ready in both; cold means a cache folder of its own, in
which nothing else is remembered. Gates run side by side, so their shares overlap.
Targets on an idle machine with two processors: 40 s cold, 12 s warm.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from executors.cache import cache_dir

ROOT = Path(__file__).resolve().parents[1]
COLD, WARM = 40.0, 12.0


def main() -> int:
    """Print the runs; 1 when a run was not accepted, or a target was missed."""
    spec = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "examples" / "invoices.yaml"
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    # Beside the usual cache: what lies in /tmp cannot be seen by tools in the sandbox.
    with tempfile.TemporaryDirectory(prefix="devteam-benchmark-", dir=cache_dir().parent) as name:
        folder = Path(name)
        cache = _cache_with_environments(folder / "cache")
        imports = _seconds([sys.executable, "-c", "import team.session"], cache)
        print(f"import of AutoGen and the session   {imports:6.2f} s")
        cold = _run(spec, folder / "workspace", cache, "cold")
        warm = [_run(spec, folder / "workspace", cache, "warm") for _ in range(runs)]
    median = statistics.median(warm)
    load = os.getloadavg()[0]
    print(f"cold {cold:.1f} s (target {COLD:g}), warm {median:.1f} s (target {WARM:g}), load {load:.1f}")
    return 0 if cold <= COLD and median <= WARM else 1


def _cache_with_environments(cache: Path) -> Path:
    """A cache folder in which only the sandbox's environments are ready."""
    shutil.copytree(cache_dir() / "environments", cache / "environments", symlinks=True, copy_function=_link)
    for facts in (cache / "environments").glob("*/devteam-ready.json"):
        text = facts.read_text(encoding="utf-8").replace(str(cache_dir()), str(cache))
        facts.unlink()  # the other name keeps its own content
        facts.write_text(text, encoding="utf-8")
    return cache


def _link(source: str, target: str) -> None:
    """A second name for a file; a copy where folders are on different disks."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _seconds(command: list[str], cache: Path) -> float:
    started = time.monotonic()
    subprocess.run(command, env={**os.environ, "DEVTEAM_CACHE_DIR": str(cache)}, check=True, cwd=ROOT)
    return time.monotonic() - started


def _run(spec: Path, work_dir: Path, cache: Path, name: str) -> float:
    """One session: its seconds, with the shares printed."""
    command = [sys.executable, "-m", "team.cli", "crud", str(spec), "--model", "draft", "--json", "--quiet"]
    started = time.monotonic()
    done = subprocess.run(
        [*command, "--work-dir", str(work_dir)],
        env={**os.environ, "DEVTEAM_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    seconds = time.monotonic() - started
    if done.returncode:
        reason = json.loads(done.stdout)["reason"] if done.stdout else done.stderr
        raise SystemExit(f"{name}: exit code {done.returncode}: {reason}")
    gates = json.loads(done.stdout)["gates"]
    shares = sorted(gates.items(), key=lambda entry: -float(entry[1]["seconds"]))
    told = ", ".join(f"{gate} {found['seconds']:.1f}" for gate, found in shares if found["seconds"] >= 0.05)
    print(f"{name:<5}{seconds:7.1f} s   gates: {told}", flush=True)
    return seconds


if __name__ == "__main__":
    raise SystemExit(main())
