"""How a run in namespaces starts and ends, also when it does not start. Beside the conformance suite."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from executors import Limits, SandboxUnavailable
from executors.bubblewrap import find_bubblewrap
from executors.confinement import View
from executors.interpreter import own_interpreter
from executors.local import LocalExecutor

PROJECT = Path(__file__).resolve().parents[2]
FAILS = """#!{python}
# Starts a process as bubblewrap does, and fails before it has told of it.
import os, subprocess, sys
inner = subprocess.Popen(["/bin/sleep", "1000"])
open({told!r}, "w").write(str(inner.pid))
os.close(int(sys.argv[sys.argv.index("--json-status-fd") + 1]))
os._exit(1)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_inner_process_of_a_failed_start_is_ended(tmp_path: Path) -> None:
    """It may be waiting, for ever, for an outer one that is gone."""
    program = tmp_path / "bwrap"
    program.write_text(FAILS.format(python=sys.executable, told=str(tmp_path / "inner")))
    program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(SandboxUnavailable, match="cannot make namespaces"):
        LocalExecutor(program, View(work, own_interpreter()), Limits(), "").run(["true"])
    inner = int((tmp_path / "inner").read_text())
    deadline = time.monotonic() + 2
    while is_alive(inner) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(inner)


def test_an_outer_process_that_is_stopped_delays_nothing_for_long(tmp_path: Path) -> None:
    """Nor one that missed, for whatever reason, that the inner one ended."""
    program = find_bubblewrap(tmp_path)
    if program is None:
        pytest.skip("bubblewrap is missing")
    code = f"""
    import os, signal, subprocess, sys, threading, time
    from pathlib import Path
    from executors import Limits
    from executors.confinement import View
    from executors.interpreter import own_interpreter
    from executors.local import LocalExecutor

    def stop_children():
        while not Path("started").exists(): time.sleep(0.01)
        for child in Path(f"/proc/self/task/{{os.getpid()}}/children").read_text().split():
            os.kill(int(child), signal.SIGSTOP)

    os.chdir(sys.argv[1])
    threading.Thread(target=stop_children).start()
    executor = LocalExecutor(Path({str(program)!r}), View(Path(sys.argv[1]), own_interpreter()), Limits(), "")
    outcome = executor.run(["sh", "-c", "touch started; sleep 60"], limits=Limits(wall_seconds=0.5))
    print(outcome.limit)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)],
        env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout == "wall\n", done.stderr


@pytest.mark.parametrize("watched", [True, False], ids=["host", "host and its watcher"])
def test_nothing_outlives_a_killed_host(tmp_path: Path, watched: bool) -> None:
    program = find_bubblewrap(tmp_path)
    if program is None:
        pytest.skip("bubblewrap is missing")
    code = f"""
    from pathlib import Path
    from executors import Limits
    from executors.confinement import View
    from executors.interpreter import own_interpreter
    from executors.local import LocalExecutor
    view = View(Path({str(tmp_path)!r}), own_interpreter())
    loop = "(setsid sh -c 'while :; do echo >> beat; sleep 0.01; done' &) ; sleep 60"
    LocalExecutor(Path({str(program)!r}), view, Limits(), "").run(["sh", "-c", loop])
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=PROJECT) as host:
        deadline = time.monotonic() + 20
        while not (tmp_path / "beat").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        children = Path(f"/proc/{host.pid}/task/{host.pid}/children").read_text().split()
        for child in children if not watched else ():
            if Path(f"/proc/{child}/exe").resolve().name in ("sh", "dash", "bash"):
                os.kill(int(child), signal.SIGKILL)
        host.send_signal(signal.SIGKILL)
    time.sleep(0.5)
    beats = (tmp_path / "beat").stat().st_size
    time.sleep(0.2)
    assert (tmp_path / "beat").stat().st_size == beats


@pytest.mark.parametrize("way", ["executor", "command"])
def test_whoever_ignores_the_ends_of_children_is_told_or_helped(way: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("x = 1\n")
    library = f"""
    from executors import SandboxUnavailable, open_tools
    try:
        open_tools({str(tmp_path)!r}, name="unconfined").run(["true"])
    except SandboxUnavailable as refusal:
        print(refusal)
    """
    command = f"from team.cli import main; print(main(['check', {str(tmp_path)!r}, '--gates', 'syntax']))"
    code = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    code += textwrap.dedent(library if way == "executor" else command)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
    if way == "executor":
        assert "SIGCHLD is ignored" in done.stdout
        assert "signal.SIG_DFL" in done.stdout
    else:
        assert done.stdout.endswith("0\n"), done.stderr
