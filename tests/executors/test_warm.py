"""Runs that start in a fork of a warm process: as confined as cold ones, and blind to one another."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from executors import Limits, SandboxUnavailable, open_tools
from executors.base import Outcome
from executors.selftest import escapes
from executors.warm import WarmExecutor, WarmPool, pool_of
from executors.warm_server import Preload

PRELOAD = Preload(modules=("json", "random", "no_such_module"), options=("-I",), own=True)
Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmPool]:
    try:
        with open_tools(tmp_path_factory.mktemp("warm"), limits=Limits(wall_seconds=20)) as sandbox:
            pool = pool_of(sandbox)
            if pool is None:
                pytest.skip("this machine's confinement has no warm runs: no namespaces")
            yield pool
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture
def warm(pool: WarmPool) -> WarmExecutor:
    executor = pool.ready(PRELOAD, wait=30)
    assert executor is not None
    return executor


@pytest.fixture
def run(warm: WarmExecutor) -> Run:
    """Runs code in a workspace of its own: ``run("print(1)", "an argument", memory_mb=100)``."""

    def one(code: str, *arguments: str, stdin: bytes = b"", **limits: float) -> Outcome:
        with warm.new_folder() as folder:
            bounds = Limits.model_validate({"wall_seconds": 20, **limits})
            return warm.over(folder).run(["python", "-I", "-c", code, *arguments], stdin=stdin, limits=bounds)

    return one


def test_a_program_runs_as_it_would_cold(run: Run) -> None:
    code = "import os, sys\nprint(sys.argv, sys.stdin.read(), os.getcwd(), __name__)\nsys.exit(7)"
    outcome = run(code, "one", stdin=b"told")
    assert (outcome.output, outcome.exit_code) == ("['-c', 'one'] told /workspace __main__\n", 7)


def test_a_module_runs_as_it_would_cold(warm: WarmExecutor) -> None:
    with warm.new_folder() as folder:
        outcome = warm.over(folder).run(["python", "-I", "-m", "json.tool"], stdin=b'{"a":1}')
    assert json.loads(outcome.output) == {"a": 1}


@pytest.mark.parametrize(
    ("code", "exit_code", "said"),
    [
        ("raise SystemExit('enough')", 1, "enough"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os; os.kill(os.getpid(), 15)", 143, ""),
        ("import os; os._exit(3)", 3, ""),
    ],
)
def test_a_program_ends_as_it_would_cold(run: Run, code: str, exit_code: int, said: str) -> None:
    outcome = run(code)
    assert outcome.exit_code == exit_code
    assert said in outcome.output


def test_what_a_run_writes_stays_in_its_workspace(warm: WarmExecutor) -> None:
    with warm.new_folder() as folder:
        outcome = warm.over(folder).run(["python", "-I", "-c", "open('made', 'w').write('x')"])
        assert (folder / "made").read_text() == "x"
    assert outcome.files_changed == ("made",)
    assert not folder.exists()


LEAK = """
import builtins, json, os, sys, tempfile
from pathlib import Path
places = [Path("/tmp/left"), Path("/tmp/home/left"), Path("/dev/shm/left")]
print([hasattr(json, "left"), hasattr(builtins, "left"), "left" in os.environ, "left" in sys.modules,
       "left" in sys.path, *(place.exists() for place in places)])
json.left = builtins.left = sys.modules["left"] = sys
json.loads = None
os.environ["left"] = "1"
sys.path.insert(0, "left")
for place in places:
    place.write_text("left")
os.chdir("/tmp")
"""


def test_no_state_leaks_into_the_next_run(run: Run) -> None:
    outputs = [run(LEAK).output for _ in range(3)]
    assert outputs == [f"{[False] * 8}\n"] * 3


def test_each_run_has_its_own_random_numbers(run: Run) -> None:
    code = "import random, tempfile; print(random.random(), next(tempfile._get_candidate_names()))"
    numbers = {part for _ in range(3) for part in run(code).output.split()}
    assert len(numbers) == 6


POISON = """
import os, resource, signal
try:
    open("/proc/1/mem", "r+b").close()
    print("reached the memory of the first process")
except OSError:
    pass
for pid in range(1, 50):
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
        if pid != os.getpid():
            try:
                resource.prlimit(pid, limit, (1, 1))
            except OSError:
                pass
for number in range(3, 256):
    try:
        os.write(number, b"9")
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.pause()
try:
    os.kill(-1, signal.SIGSTOP)
    os.kill(-1, signal.SIGKILL)
finally:
    os.kill(1, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_that_attacks_all_it_can_reach_does_not_touch_the_next(pool: WarmPool, run: Run) -> None:
    for _ in range(2):
        poisoned = run(POISON)
        assert (poisoned.exit_code, poisoned.output) == (137, "")
        assert run("print('well')").output == "well\n"


def test_a_run_cannot_see_the_server_or_another_run(warm: WarmExecutor, run: Run) -> None:
    with warm.new_folder() as other:
        (other / "secret").write_text("secret")
        code = (
            "import os\nprint(sorted(n for n in os.listdir('/proc') if n.isdigit()), os.listdir('/runs'),"
            " sorted(os.listdir('/tmp')), len(os.listdir('/proc/self/fd')))"
        )
        below_tmp = {path.parts[2] for path in warm.interpreter.prefixes if path.is_relative_to("/tmp")}
        seen = sorted({"home", *below_tmp})  # an environment of ours may lie there
        assert run(code).output == f"['1', '2'] [] {seen} 4\n"  # the fourth is the folder that is listed


OWN_PLACES = """
import ctypes, json, os, time
own = {name: os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")}
own |= {place: os.stat(place).st_dev for place in ("/dev/pts", "/dev/shm", "/tmp", "/proc")}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "own": own,
    "rights": [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "filters": status["Seccomp"].strip(),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "threads": [os.environ["OMP_NUM_THREADS"], os.environ.get("JE_ARROW_MALLOC_CONF")],
}))
time.sleep(1)
"""


def test_every_run_has_namespaces_and_mounts_of_its_own_and_no_rights(run: Run) -> None:
    with ThreadPoolExecutor(2) as threads:
        outcomes = [future.result() for future in [threads.submit(run, OWN_PLACES) for _ in range(2)]]
    one, other = (json.loads(outcome.output) for outcome in outcomes)
    assert {name for name, number in one["own"].items() if number == other["own"][name]} <= {
        "time",
        "time_for_children",
    }
    for told in (one, other):
        assert told["rights"] == [0] * 5
        assert (told["filters"], told["dumpable"], told["threads"]) == ("2", 1, ["2", None])


def test_runs_at_the_same_time_do_not_reach_each_other_by_network(run: Run) -> None:
    listen = "import socket, time; s = socket.create_server(('127.0.0.1', 5055)); time.sleep(1.5)"
    connect = "import socket; socket.create_connection(('127.0.0.1', 5055), timeout=1)"
    with ThreadPoolExecutor() as threads:
        listening = threads.submit(run, listen)
        time.sleep(0.5)
        assert "ConnectionRefusedError" in run(connect).output
        assert listening.result().exit_code == 0


def test_no_attempt_to_break_out_comes_through(warm: WarmExecutor) -> None:
    def attempt(view: object, limits: Limits, command: list[str]) -> object:
        with warm.new_folder() as folder:
            told = ["python", "-I", *command[command.index("-c") :]]
            return warm.over(folder).run_reporting(told, limits=limits)

    assert escapes(attempt) == []  # type: ignore[arg-type]


IN_MEMORY = """
import time
for place in ("/dev/shm/x", "/tmp/x"):
    open(place, "wb").write(bytes(79_000_000))
more = bytearray(40_000_000)
time.sleep(20)
"""


@pytest.mark.parametrize(
    ("limit", "code", "bounds"),
    [
        ("wall", "import time; time.sleep(60)", {"wall_seconds": 0.5}),
        ("cpu", "while True: pass", {"cpu_seconds": 1}),
        ("memory", "x = []\nwhile True: x.append(bytearray(4_000_000))", {"memory_mb": 200}),
        ("memory", IN_MEMORY, {"memory_mb": 160}),
        ("processes", "import os\nwhile True: os.fork()", {"processes": 20}),
        ("file", "open('x', 'wb').write(bytes(3_000_000))", {"file_mb": 2}),
    ],
)
def test_limits_hold(run: Run, limit: str, code: str, bounds: dict[str, float]) -> None:
    outcome = run(code, **bounds)
    assert outcome.limit == limit
    assert outcome.seconds < 10


def test_a_server_is_replaced_after_a_run_that_met_a_limit(pool: WarmPool, run: Run) -> None:
    before = pool.ready(PRELOAD, wait=30)
    assert run("import time; time.sleep(60)", wall_seconds=0.3).limit == "wall"
    after = pool.ready(PRELOAD, wait=30)
    assert before is not None
    assert after is not None
    assert before.work_dir != after.work_dir


def test_a_run_goes_on_when_another_one_makes_its_server_suspect(pool: WarmPool, run: Run) -> None:
    with ThreadPoolExecutor() as threads:
        long = threads.submit(run, "import time; time.sleep(1.5); print('whole')")
        time.sleep(0.3)
        assert run("import time; time.sleep(60)", wall_seconds=0.2).limit == "wall"
        assert pool.ready(PRELOAD, wait=30) is not None
        assert long.result().output == "whole\n"


def test_a_server_that_died_is_replaced_and_its_runs_with_it(pool: WarmPool) -> None:
    warm = pool.ready(PRELOAD, wait=30)
    assert warm is not None
    os.kill(warm._server._tree._init, signal.SIGKILL)  # type: ignore[union-attr]
    time.sleep(0.2)
    with warm.new_folder() as folder, pytest.raises(SandboxUnavailable):
        warm.over(folder).run(["python", "-I", "-c", "print(1)"])
    again = pool.ready(PRELOAD, wait=30)
    assert again is not None
    with again.new_folder() as folder:
        assert again.over(folder).run(["python", "-I", "-c", "print(1)"]).output == "1\n"


def test_only_programs_that_a_fork_can_run_are_taken(warm: WarmExecutor) -> None:
    with warm.new_folder() as folder, pytest.raises(ValueError, match="starts with python -I and -c or -m"):
        warm.over(folder).run(["sh", "-c", "true"])


def test_a_workspace_must_be_the_servers(warm: WarmExecutor, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none of the server's folders"):
        warm.over(tmp_path)


def test_the_modules_that_are_there_already_are_told(warm: WarmExecutor) -> None:
    assert {"json", "random", "os", "sys"} <= warm.known
    assert "no_such_module" not in warm.known


@pytest.fixture
def environment() -> Iterator[Path]:
    """A folder that lies where runs have memory of their own, as a clone in /tmp does."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder, "lib").mkdir()
        Path(folder, "lib", "module.py").write_text("told")
        yield Path(folder)


def test_what_may_be_read_below_tmp_is_there_and_cannot_be_changed(pool: WarmPool, environment: Path) -> None:
    lib, module = environment / "lib", environment / "lib" / "module.py"
    warm = pool.ready(replace(PRELOAD, readable=(lib, module)), wait=30)
    assert warm is not None
    code = "import sys\nfor mode in 'ra':\n    print(open(sys.argv[1], mode).read())"
    with warm.new_folder() as folder:
        outcome = warm.over(folder).run(["python", "-I", "-c", code, str(module)])
    assert "told\n" in outcome.output
    assert "Read-only file system" in outcome.output
    assert module.read_text() == "told"


def test_nothing_is_left_when_the_sandbox_closes(tmp_path: Path) -> None:
    with open_tools(tmp_path) as sandbox:
        pool = pool_of(sandbox)
        if pool is None:
            pytest.skip("this machine's confinement has no warm runs: no namespaces")
        pool.begin(PRELOAD)
        warm = pool.ready(PRELOAD, wait=30)
        assert warm is not None
        pid = warm._server._tree._init  # type: ignore[union-attr]
        folder = warm.work_dir
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert pool.ready(PRELOAD) is None
