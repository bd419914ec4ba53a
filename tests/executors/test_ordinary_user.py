"""The sandbox as an ordinary user has it. Run by root, who can become one."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.landlocked import require_landlock

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, os, sys
from pathlib import Path
from executors import Limits
from executors.bubblewrap import find_bubblewrap
from executors.confinement import View
from executors.interpreter import own_interpreter
from executors.landlocked import LandlockExecutor
from executors.local import LocalExecutor
from executors.selftest import escapes

work = Path(sys.argv[1])
program = find_bubblewrap(work)
ways = {
    "namespaces": lambda view, limits: LocalExecutor(program, view, limits, ""),
    "Landlock": lambda view, limits: LandlockExecutor(view, limits, ""),
}
way = ways[sys.argv[2]]
run = lambda view, limits, command: way(view, limits).run_reporting(command)
with way(View(work, own_interpreter()), Limits()) as sandbox:
    def python(code, **limits):
        return sandbox.run(["python", "-c", code], limits=Limits(wall_seconds=20, **limits)).model_dump()
    print(json.dumps({
        "user": os.getuid(),
        "escapes": escapes(run),
        "plain": python("open('made', 'w'); print('hello')"),
        "bomb": python("import os\\nwhile True: os.fork()", processes=40),
        "memory": python("x = []\\nwhile True: x.append(bytearray(4_000_000))", memory_mb=200),
        "closed": python("import os; os.makedirs('a/b/c'); os.chmod('a/b', 0); os.chmod('a', 0)"),
    }))
"""


@pytest.fixture
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = Path("/tmp") / f"devteam-ordinary-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def as_nobody(python: str, *arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    environ = {
        "PYTHONPATH": packages,
        "PATH": os.defpath,
        "HOME": "/nonexistent",
        "DEVTEAM_CACHE_DIR": str(cache),
    }
    return subprocess.run(
        [python, *arguments], user=NOBODY, group=NOBODY, extra_groups=[], env=environ,
        cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def python(work_dir: Path) -> str:
    """An interpreter that the ordinary user can start, and that finds our packages."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become an ordinary user; the other tests run as one already")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            if as_nobody(candidate, "-c", "import executors", cache=work_dir).returncode == 0:
                return candidate
        except OSError:
            continue
    pytest.skip(f"no {version} that an ordinary user can start")


@pytest.mark.parametrize("way", ["namespaces", "Landlock"])
def test_it_confines_for_an_ordinary_user(python: str, work_dir: Path, way: str) -> None:
    if way == "Landlock":
        require_landlock()
    done = as_nobody(python, "-c", SCRIPT, str(work_dir), way, cache=work_dir / "cache")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["user"] == NOBODY
    assert told["escapes"] == []
    assert (told["plain"]["output"], told["plain"]["files_changed"]) == ("hello\n", ["made"])
    assert told["memory"]["limit"] == "memory"
    # The kernel bounds the tasks: the bomb may end by itself before the supervisor ends it.
    assert told["bomb"]["limit"] == "processes" or "unavailable" in told["bomb"]["output"]
    assert told["closed"]["exit_code"] == 0
    assert (work_dir / "a/b/c").is_dir()


SUITES = {
    "namespaces": ("test_conformance_ordinary.py",),
    "Landlock": ("test_conformance_landlock.py", "test_landlock.py", "test_landlock_runs.py"),
}


@pytest.mark.parametrize("way", SUITES)
def test_it_keeps_its_promises_for_an_ordinary_user(python: str, work_dir: Path, way: str) -> None:
    if way == "Landlock":
        require_landlock()
    suites = [str(ROOT / "tests/executors" / name) for name in SUITES[way]]
    options = ["-p", "no:cacheprovider", f"--basetemp={work_dir / 'tests'}", "-W", "ignore", "-rs"]
    done = as_nobody(python, "-m", "pytest", *options, *suites, cache=work_dir / "cache")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("declared: ") == done.stdout.count("SKIPPED"), done.stdout
