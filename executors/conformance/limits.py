"""Programs that take too much are stopped, with the limit's name, and their output so far is kept."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from executors.base import Executor, Limits
from executors.conformance.fixtures import Conformance, MakeExecutor, python

_STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('so far')\ntime.sleep(60)"
)
_SPIN = "\nwhile True: pass"


class LimitsConformance(Conformance):
    """One test for each way of using up a machine."""

    @pytest.mark.parametrize(
        "code",
        [
            _STUBBORN,
            "import subprocess\nprint('so far')\nsubprocess.run(['sleep', '60'], start_new_session=True)",
            "import time\nprint('so far')\nwhile True: print('drip'); time.sleep(0.05)",
        ],
        ids=["ignores SIGTERM", "waits for a grandchild", "drips"],
    )
    def test_wall_time(self, executor: Executor, code: str) -> None:
        """Ended on time whatever it does."""
        outcome = python(executor, code, Limits(wall_seconds=0.7))
        assert outcome.limit == "wall"
        assert outcome.output.startswith("so far\n")
        assert outcome.seconds < 3

    def test_cpu_time(self, executor: Executor) -> None:
        """Of all processes together."""
        code = "import os\nfor _ in range(3): os.fork()" + _SPIN
        outcome = python(executor, code, Limits(wall_seconds=20, cpu_seconds=1))
        assert outcome.limit == "cpu"

    @pytest.mark.parametrize(
        "code",
        [
            "x = []\nwhile True: x.append(bytearray(4_000_000))",
            "import os, time\nfor _ in range(3): os.fork()\n"
            "x = bytearray(os.urandom(1_000_000) * 40)\ntime.sleep(60)",
        ],
        ids=["one process", "eight processes"],
    )
    def test_memory(self, executor: Executor, code: str) -> None:
        """Of all processes together; shared pages count once."""
        outcome = python(executor, code, Limits(wall_seconds=20, memory_mb=200))
        assert outcome.limit == "memory"

    def test_memory_of_a_process_whose_first_thread_ended(self, executor: Executor) -> None:
        """It looks dead, and is not."""
        exit_thread = {"x86_64": 60, "aarch64": 93}[os.uname().machine]
        code = (
            "import ctypes, os, threading, time\ndef hold():\n    time.sleep(0.2)\n"
            "    x = bytearray(os.urandom(1_000_000) * 300)\n    time.sleep(60)\n"
            f"threading.Thread(target=hold).start(); ctypes.CDLL(None).syscall({exit_thread}, 0)"
        )
        assert python(executor, code, Limits(wall_seconds=5, memory_mb=200)).limit == "memory"

    def test_shared_memory_counts_once(self, executor: Executor) -> None:
        """Forked children that only look are no bomb."""
        code = "import os, time\nx = bytearray(60_000_000)\nfor _ in range(3): os.fork()\ntime.sleep(0.3)"
        assert python(executor, code, Limits(wall_seconds=20, memory_mb=200)).ok

    def test_fork_bomb(self, executor: Executor) -> None:
        """Stopped while the machine is still of use."""
        outcome = python(executor, "import os\nwhile True: os.fork()", Limits(wall_seconds=20, processes=40))
        assert outcome.limit == "processes"

    def test_threads(self, executor: Executor) -> None:
        """Bounded, too."""
        code = (
            "import threading, time\n"
            "while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
        )
        outcome = python(executor, code, Limits(wall_seconds=20, processes=20))
        # Where the kernel bounds them, the program is told so and ends by itself.
        assert outcome.limit == "processes" or "can't start new thread" in outcome.output

    def test_large_file(self, executor: Executor) -> None:
        """The size of any one file."""
        code = "f = open('big', 'wb')\nwhile True: f.write(bytes(1_000_000))"
        outcome = python(executor, code, Limits(wall_seconds=20, file_mb=4))
        assert outcome.limit == "file"
        assert (executor.work_dir / "big").stat().st_size <= 4 * 1024 * 1024

    def test_disk(self, executor: Executor) -> None:
        """What the workspace grows by."""
        code = "import itertools\nfor n in itertools.count(): open(f'f{n}', 'wb').write(bytes(500_000))"
        outcome = python(executor, code, Limits(wall_seconds=20, disk_mb=20))
        assert outcome.limit == "disk"

    def test_disk_taken_by_deleted_files(self, executor: Executor) -> None:
        """An open file without a name takes room as well."""
        code = (
            "import itertools, os, time\nkept = []\nfor n in range(60):\n"
            "    kept.append(open('f', 'wb', 0)); kept[-1].write(bytes(1_000_000)); os.unlink('f')\n"
            "time.sleep(60)"
        )
        assert python(executor, code, Limits(wall_seconds=20, disk_mb=20)).limit == "disk"

    @pytest.mark.parametrize(
        "code",
        [
            "import itertools\nfor n in itertools.count(): open(f'f{n}', 'w')",
            "import os\nwhile True: os.mkdir('d'); os.chdir('d')",
        ],
        ids=["wide", "deep"],
    )
    def test_many_files(self, executor: Executor, code: str) -> None:
        """Empty ones use up a disk as well, and deep folders hurt every tool."""
        assert python(executor, code, Limits(wall_seconds=20, files=500)).limit == "files"
        for path in executor.work_dir.glob("d"):
            shutil.rmtree(path)  # which fails where folders are left nested too deep

    def test_growth_is_judged_after_the_end(self, executor: Executor) -> None:
        """A burst that no poll saw."""
        outcome = python(executor, "open('f', 'wb').write(bytes(3_000_000))", Limits(disk_mb=1))
        assert outcome.limit == "disk"

    def test_long_output_keeps_head_and_tail(self, executor: Executor) -> None:
        """And says how much was cut."""
        code = "import sys\nprint('head'); sys.stdout.write('x' * 20_000_000); print('tail')"
        outcome = python(executor, code, Limits(output_bytes=1000))
        assert outcome.ok
        assert outcome.output.startswith("head\n")
        assert outcome.output.endswith("tail\n")
        assert "20000010 bytes" not in outcome.output
        assert "bytes cut" in outcome.output
        assert len(outcome.output) < 1100

    def test_endless_output_ends_on_time(self, executor: Executor) -> None:
        """Without filling our memory."""
        started = time.monotonic()
        outcome = executor.run(["sh", "-c", "yes"], limits=Limits(wall_seconds=0.5))
        assert outcome.limit == "wall"
        assert time.monotonic() - started < 3

    def test_limits_of_the_executor_hold(self, make_executor: MakeExecutor) -> None:
        """Where a run brings none of its own."""
        with make_executor(Limits(wall_seconds=0.3)) as executor:
            assert python(executor, "import time; time.sleep(60)").limit == "wall"
