"""What warm verification saves: test runs and gates against the same commands, cold. Medians, side by side.

`python benchmarks/warm_verification.py [RUNS]`. The small files run ten tests each, in the same confinement
on both sides. The gates judge a tree with one failing test, as they do in every iteration but the accepted
one (a green tree's accepting run, a fresh process, comes on top); the plain side is `ruff; mypy --strict;
bandit; pytest` with coverage, without a cache.
"""

from __future__ import annotations

import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from small_service import SMALL

from executors import Limits, SandboxUnavailable, open_executor
from executors.running import WorkspaceExecutor
from executors.warm import WarmExecutor, WarmPool, pool_of
from team.gates import judge, make_target, warm_up
from team.gates.frames import read_story
from team.gates.pinned import PYTEST_OPTIONS, PYTEST_UNWANTED
from team.gates.runner import command
from team.gates.testrun import RUNNER_PARTS, run_tests
from team.gates.warmth import TESTS, tools

ROOT = Path(__file__).resolve().parents[1]
RUNNER = (*RUNNER_PARTS, "sealing", "endings")
PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_ten.py"]
TEN = "".join(
    f"\n\ndef test_{number}() -> None:\n    assert {number} + 1 == {number + 1}\n" for number in range(10)
)
IMPORTS = "import fastapi\nimport pandas\nimport sqlalchemy\n"
OWN_TIME = """
import contextlib, io, os, sys, time, pytest
os.environ['PYTEST_DISABLE_PLUGIN_AUTOLOAD'] = '1'
for _ in range(2):  # the first imports everything
    sys.modules.pop('test_ten', None)
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        assert pytest.main(['-q', '-p', 'no:cacheprovider', 'test_ten.py']) == 0
    taken = time.perf_counter() - began
print(taken)
"""
RED = "def test_red() -> None:\n    assert 1 == 2\n"


def main(runs: int) -> int:
    """Measure, print, and say by the exit code whether every figure is reached."""
    with tempfile.TemporaryDirectory(prefix="devteam-benchmark-") as place:
        folder = Path(place).resolve()
        try:
            sandbox = open_executor("auto", work_dir=folder, limits=Limits(wall_seconds=300))
        except SandboxUnavailable as missing:
            print(missing, file=sys.stderr)
            return 3
        with sandbox:
            pool = pool_of(sandbox)
            if pool is None:
                print("this machine's confinement has no warm runs", file=sys.stderr)
                return 3
            warming = timed(lambda: warmed(sandbox, pool))
            print(f"warming up both processes, in the background   {warming * 1000:8.0f} ms")
            reached = [
                pytest_file("10 light tests", "", sandbox, runs, 4),
                pytest_file("10 tests, pandas + FastAPI + SQLAlchemy", IMPORTS, sandbox, runs, 10),
                gates("small FastAPI module", written(folder / "small", SMALL), sandbox, runs),
                gates("demo module", demo(folder), sandbox, runs),
            ]
    return 0 if all(reached) else 1


def warmed(sandbox: WorkspaceExecutor, pool: WarmPool) -> None:
    warm_up(sandbox)
    for preload in (TESTS, tools(sandbox.interpreter)):
        if pool.ready(preload, wait=60) is None:
            raise SystemExit("the warm processes do not start")


def pytest_file(name: str, imports: str, sandbox: WorkspaceExecutor, runs: int, factor: float) -> bool:
    """`python -m pytest` over one file, and the gates' runner of tests, cold and in a fork."""
    pool = pool_of(sandbox)
    warm = pool.ready(TESTS, wait=60) if pool else None
    if warm is None:
        raise SystemExit("the warm process was lost")
    names = ("plain", "cold", "forked", "empty", "own")
    times: dict[str, list[float]] = {name: [] for name in names}
    with warm.new_folder() as folder:
        (folder / "test_ten.py").write_text(imports + TEN)
        for _ in range(runs):  # side by side, so that a busy machine is busy for all
            times["plain"].append(timed(lambda: ran(sandbox.over(folder), ["python", "-s", *PYTEST])))
            times["cold"].append(timed(lambda: runner(sandbox.over(folder))))
            times["forked"].append(timed(lambda: runner(warm.over(folder))))
            times["empty"].append(timed(lambda: ran(warm.over(folder), ["python", "-s", "-c", "pass"])))
            times["own"].append(own_time(sandbox.over(folder)))
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    reached = compared(name, middle["plain"], {"the gates' runner, in a fork": (times["forked"], factor)})
    least = middle["own"] + middle["empty"]
    print(f"  the gates' runner, in a fresh process        {middle['cold'] * 1000:8.0f} ms")
    print(f"  the tests' own time                          {middle['own'] * 1000:8.0f} ms")
    print(f"  a fork in fresh namespaces that does nothing {middle['empty'] * 1000:8.0f} ms")
    print(f"  the fork's run, of the last two together     {middle['forked'] / least:8.1f} × (wanted: ≤ 2 ×)")
    return reached and middle["forked"] <= 2 * least


def own_time(executor: WorkspaceExecutor) -> float:
    """The seconds that the tests take in a process that has imported everything."""
    return float(ran(executor, ["python", "-s", "-c", OWN_TIME]).splitlines()[-1])


def runner(executor: WorkspaceExecutor | WarmExecutor) -> None:
    key = secrets.token_bytes(32)
    job = {
        "key": key.hex(),
        "options": PYTEST_OPTIONS,
        "unwanted": PYTEST_UNWANTED,
        "files": ["test_ten.py"],
        "seconds": 60,
        "marks": False,
    }
    line = command("run_pytest", RUNNER)
    reported = executor.run_reporting(line, stdin=json.dumps(job).encode())
    story = read_story(reported.report, key)
    if sum(test.passed for test in story.tests.values()) != 10:
        raise SystemExit(f"the runner fails:\n{reported.outcome.output}")


def ran(executor: WorkspaceExecutor | WarmExecutor, argv: list[str]) -> str:
    outcome = executor.run(argv)
    if outcome.exit_code:
        raise SystemExit(f"{argv} failed:\n{outcome.output}")
    return outcome.output


def gates(name: str, tree: Path, sandbox: WorkspaceExecutor, runs: int) -> bool:
    """The gates over a tree that is not accepted yet, against the plain commands."""
    learning = timed(lambda: judge(make_target(tree, sandbox), ["types"]))
    print(f"{name}: mypy reads its packages, once per machine  {learning * 1000:6.0f} ms")
    (tree / "tests/test_red.py").write_text(RED)
    plain: list[float] = []
    accepting: list[float] = []
    judged = [timed(partial(judged_red, tree, sandbox, 0))]
    for number in range(runs):  # side by side, so that a busy machine is busy for both
        if number % 3 == 0:
            plain.append(timed(lambda: plain_commands(tree, sandbox)))
            accepting.append(timed(lambda: run_tests(make_target(tree, sandbox), {})))
        judged.append(timed(partial(judged_red, tree, sandbox, number + 1)))
    reached = compared(
        f"{name}: static gates, tests, coverage",
        statistics.median(plain),
        {"first iteration": (judged[:1], 5), "later iterations": (judged[1:], 15)},
    )
    fresh = statistics.median(accepting)
    print(f"  apart: the accepting run of the tests, fresh {fresh * 1000:8.0f} ms")
    return reached


def judged_red(tree: Path, sandbox: WorkspaceExecutor, number: int) -> None:
    (tree / "app/number.py").write_text(f'"""A number that changes."""\n\nNUMBER = {number}\n')
    results = {result.name: result for result in judge(make_target(tree, sandbox))}
    if not results["tests"].red or results["types"].status == "error":
        raise SystemExit(f"the gates say something else: {results}")


def plain_commands(tree: Path, sandbox: WorkspaceExecutor) -> None:
    """What a person would type, one after the other."""
    python = str(sandbox.interpreter.executable)
    with tempfile.TemporaryDirectory(prefix="devteam-benchmark-") as cache:
        mypy = ["mypy", "--strict", f"--python-executable={python}", f"--cache-dir={cache}", "."]
        commands = [
            [sys.executable, "-m", "ruff", "check", "--no-cache", "."],
            [sys.executable, "-m", *mypy],
            [sys.executable, "-m", "bandit", "-q", "-r", "."],
            [python, "-m", "coverage", "run", f"--data-file={cache}/data", "-m", "pytest", "-q"],
        ]
        for line in commands:
            subprocess.run(line, cwd=tree, check=False, capture_output=True)


def demo(folder: Path) -> Path:
    """The files of `devteam crud examples/invoices.yaml`."""
    devteam = Path(sys.executable).with_name("devteam")
    made = folder / "demo"
    line = [str(devteam), "crud", str(ROOT / "examples/invoices.yaml"), "--model", "draft"]
    line += ["--output", str(made), "--work-dir", str(folder / "sessions")]
    subprocess.run(line, check=True, capture_output=True)
    return made


def written(tree: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    return tree


def timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def compared(name: str, cold: float, sides: Mapping[str, tuple[list[float], float]]) -> bool:
    """Print the medians with their ratios; whether all are reached."""
    print(f"{name}\n  cold                                         {cold * 1000:8.0f} ms")
    reached = True
    for side, (times, factor) in sides.items():
        middle = statistics.median(times)
        reached = reached and cold / middle >= factor
        print(f"  {side:44} {middle * 1000:8.0f} ms  {cold / middle:5.1f}× faster (wanted: {factor:g}×)")
    return reached


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
