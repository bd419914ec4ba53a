from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.gate_trees import Make

JUDGE = """
import sys
from pathlib import Path
from executors import open_executor
from team.gates import judge, make_target

root = Path(sys.argv[1])
with open_executor("auto", work_dir=root, python=Path(sys.executable)) as sandbox:
    judge(make_target(root, sandbox), ["tests", "coverage"], on_start=lambda name: print(name, flush=True))
"""


def test_an_interruption_ends_the_programs_of_all_gates_at_once(target: Make) -> None:
    mark = f"mark{os.getpid()}"
    tree = target(
        {
            "a.py": "x = 1\n",
            "tests/test_a.py": (
                "import subprocess\nimport sys\n\n\n"
                f"def test_hangs() -> None:\n    subprocess.run([sys.executable, '-c', "
                f"'import time; time.sleep(90)', '{mark}'], check=True)\n"
            ),
        }
    )
    judging = subprocess.Popen([sys.executable, "-c", JUDGE, tree.root], stderr=subprocess.PIPE, text=True)
    while not _running(mark):
        assert judging.poll() is None
        time.sleep(0.1)
    started = time.monotonic()

    judging.send_signal(signal.SIGINT)
    _, said = judging.communicate(timeout=60)

    assert time.monotonic() - started < 15
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert not _running(mark)


def _running(mark: str) -> bool:
    """Whether a process with the mark among its arguments is there; argv of another test does not count."""
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in arguments.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False
