"""How runs of the Landlock tier are limited, and how they end."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest
from support.landlocked import landlocked, python

from executors import SandboxUnavailable, launching
from executors.landlocked import LandlockExecutor


@pytest.fixture
def sandbox(tmp_path: Path) -> LandlockExecutor:
    return landlocked(tmp_path / "work")


@pytest.fixture
def work(sandbox: LandlockExecutor) -> Path:
    return sandbox.work_dir


def held() -> tuple[set[str], set[Path]]:
    """The descriptors of this process, and the folders of its runs."""
    folders = Path(tempfile.gettempdir()).glob(f"devteam-run-{os.getpid()}-*")
    return {path.name for path in Path("/proc/self/fd").iterdir()}, set(folders)


ORPHANS = """
import os, time
def orphan(what):
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            os.setsid(); what(); os._exit(0)
        os._exit(0)
    os.waitpid(child, 0)
def burn():
    end = time.process_time() + 0.25
    while time.process_time() < end: pass
"""


class TestLimits:
    """Of the whole run, whatever became of its processes' parents."""

    def test_orphans_count(self, sandbox: LandlockExecutor) -> None:
        code = ORPHANS + "for _ in range(40): orphan(lambda: time.sleep(60))\ntime.sleep(60)"
        assert python(sandbox, code, processes=30).limit == "processes"

    def test_time_of_orphans_that_ended_counts(self, sandbox: LandlockExecutor) -> None:
        one_by_one = """
for _ in range(60):
    reading, writing = os.pipe()
    orphan(burn)
    os.close(writing); os.read(reading, 1); os.close(reading)
"""
        code = ORPHANS + one_by_one
        assert python(sandbox, code, cpu_seconds=1).limit == "cpu"

    def test_temporary_files_without_a_name_count(self, sandbox: LandlockExecutor) -> None:
        code = (
            "import tempfile, time\nf = tempfile.TemporaryFile()\nf.write(bytes(200_000_000)); time.sleep(60)"
        )
        assert python(sandbox, code, memory_mb=100).limit == "memory"


class TestEnd:
    def test_killing_everything_reaches_only_the_run(self, sandbox: LandlockExecutor) -> None:
        assert python(sandbox, "print(os.getsid(0) == os.getpid())").output == "True\n"
        with subprocess.Popen(["sleep", "60"]) as bystander:
            outcome = python(sandbox, "os.kill(-1, 9); os.kill(os.getppid(), 9)")
            assert "PermissionError" in outcome.output or outcome.exit_code == 1
            assert bystander.poll() is None
            bystander.kill()

    def test_no_process_hides(self, sandbox: LandlockExecutor, work: Path) -> None:
        code = """
        for _ in range(5):
            if os.fork() == 0:
                os.setsid(); signal.signal(15, signal.SIG_IGN)
                if os.fork() == 0:
                    loop = 'while :; do echo >> beat; sleep 0.01; done'
                    os.execve('/bin/sh', ['sh', '-c', loop], {'PATH': '/bin'})
                os._exit(0)
        while not os.path.exists('beat'): pass
        """
        assert python(sandbox, code).ok
        size = (work / "beat").stat().st_size
        time.sleep(0.1)
        assert (work / "beat").stat().st_size == size

    def test_nothing_is_left(self, sandbox: LandlockExecutor) -> None:
        sandbox.run(["true"])  # starts the launcher
        before = held()
        closed = "mkdir -p $TMPDIR/a/b; touch $TMPDIR/a/b/c; chmod 0 $TMPDIR/a/b $TMPDIR/a; nosuch"
        for _ in range(20):
            sandbox.run(["sh", "-c", closed])
            sandbox.run(["no-such-program"])
        python(sandbox, "os.chdir(os.environ['TMPDIR'])\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')")
        assert held() == before

    def test_a_launcher_that_is_killed_is_replaced(self, sandbox: LandlockExecutor) -> None:
        assert sandbox.run(["true"]).ok
        assert launching._launcher is not None
        launching._launcher._process.kill()
        launching._launcher._process.wait()
        assert sandbox.run(["true"]).ok

    def test_what_a_killed_keeper_leaves_is_killed(self, sandbox: LandlockExecutor, work: Path) -> None:
        def kill_keeper() -> None:
            while not (work / "beat").exists():
                time.sleep(0.01)
            os.kill(int((work / "keeper").read_text()), signal.SIGKILL)

        loop = "echo $PPID > keeper; setsid sh -c 'while :; do echo >> beat; sleep 0.01; done'"
        sandbox.run(["true"])  # starts the launcher
        before = held()
        killer = threading.Thread(target=kill_keeper)
        killer.start()
        with pytest.raises(SandboxUnavailable, match="keeper was killed"):
            sandbox.run(["sh", "-c", loop])
        killer.join()
        assert held() == before
        time.sleep(0.2)
        size = (work / "beat").stat().st_size
        time.sleep(0.1)
        assert (work / "beat").stat().st_size == size

    def test_a_killed_holder_leaves_nothing(self, work: Path) -> None:
        code = f"""
        from pathlib import Path
        from executors.confinement import View
        from executors.interpreter import own_interpreter
        from executors.landlocked import LandlockExecutor
        from executors import Limits
        sandbox = LandlockExecutor(View(Path({str(work)!r}), own_interpreter()), Limits(), "")
        loop = "echo $TMPDIR > folder; (while :; do echo >> beat; sleep 0.01; done) & wait"
        sandbox.run(["sh", "-c", loop])
        """
        root = Path(__file__).resolve().parents[2]
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=root) as holder:
            deadline = time.monotonic() + 20
            while not (work / "beat").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            holder.send_signal(signal.SIGKILL)
        folder = Path((work / "folder").read_text().strip()).parent
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        size = (work / "beat").stat().st_size
        time.sleep(0.1)
        assert (work / "beat").stat().st_size == size
        assert not folder.exists()
