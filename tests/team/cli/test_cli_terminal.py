"""Results keep stdout for themselves, and signals end things in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from team.cli.terminal import interruptible

ROOT = Path(__file__).resolve().parents[3]
NOISY = """
import os, subprocess, sys
from team.cli.terminal import print_json, stdout_for_results
with stdout_for_results():
    print("a library prints")
    os.write(1, b"so does C\\n")
    subprocess.run(["echo", "and a child"])
print_json({"only": "this"})
"""


def test_only_results_reach_stdout() -> None:
    done = subprocess.run([sys.executable, "-c", NOISY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == '{\n  "only": "this"\n}\n'
    assert sorted(done.stderr.splitlines()) == ["a library prints", "and a child", "so does C"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_an_interruption_inside_and_its_old_self_after(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
