"""Runs in a row leave nothing: a short version of `benchmarks/soak.py`, where a thousand are the measure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
KINDS = ("processes", "mounts", "descriptors", "temporary files", "containers")


@pytest.mark.parametrize("way", ["namespaces", "Landlock", "Docker"])
def test_runs_leave_no_trace(way: str) -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "benchmarks/soak.py"), "15", way],
        env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0 and " runs in " not in done.stdout:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"0 {kind}" in done.stdout for kind in KINDS)
