"""Whoever is killed while a run starts leaves nothing, at whatever moment it is."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from executors.bubblewrap import find_bubblewrap
from executors.lifeline import Lifeline

PROJECT = Path(__file__).resolve().parents[2]
KILLS = 40
KILLED_WHILE_STARTING = """
import ctypes, os, random, signal, sys, time
from contextlib import suppress
from pathlib import Path
from executors import Limits
from executors.confinement import View
from executors.interpreter import own_interpreter
from executors.local import LocalExecutor
from executors.processes import descendants

program, work, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans become our children
executor = LocalExecutor(program, View(work, own_interpreter()), Limits(), "")
executor.run(["true"])
for number in range(kills):
    host = os.fork()
    if host == 0:
        executor.run(["sleep", "60"])
    time.sleep(0.03 * number / kills)
    os.kill(host, signal.SIGKILL)
deadline = time.monotonic() + 1
proc = os.open("/proc", os.O_RDONLY)
while left := descendants(proc, os.getpid()):
    if time.monotonic() > deadline:
        break
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]: pass
    time.sleep(0.01)
for pid in left:
    with suppress(OSError):
        print(Path(f"/proc/{pid}/cmdline").read_bytes(), file=sys.stderr)
        os.kill(pid, signal.SIGKILL)
print(len(left))
"""


def test_a_host_that_is_killed_while_it_starts_a_run_leaves_nothing(tmp_path: Path) -> None:
    program = find_bubblewrap(tmp_path)
    if program is None:
        pytest.skip("bubblewrap is missing")
    done = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_STARTING, str(program), str(tmp_path), str(KILLS)],
        cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "0\n", done.stderr


def test_what_is_in_the_group_ends_with_its_maker(tmp_path: Path) -> None:
    code = f"""
    import subprocess, sys, time
    from executors.lifeline import Lifeline
    loop = "while :; do echo >> {tmp_path}/beat; sleep 0.01; done"
    subprocess.Popen(["sh", "-c", loop], process_group=Lifeline().group)
    time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=PROJECT) as maker:
        while not (tmp_path / "beat").exists():
            time.sleep(0.01)
        maker.kill()
    time.sleep(0.1)
    beats = (tmp_path / "beat").stat().st_size
    time.sleep(0.1)
    assert (tmp_path / "beat").stat().st_size == beats


def test_it_can_be_cut_twice_and_leaves_no_watcher() -> None:
    lifeline = Lifeline()
    member = subprocess.Popen(["sleep", "60"], process_group=lifeline.group)
    lifeline.cut()
    lifeline.cut()
    assert member.wait(timeout=5) == -9
    assert not Path(f"/proc/{lifeline.group}").exists()
