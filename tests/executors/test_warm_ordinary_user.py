"""Warm runs as an ordinary user has them. Run by root, who can become one."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, os, sys
from pathlib import Path
from executors import Limits, SandboxUnavailable, open_tools
from executors.selftest import escapes
from executors.warm import pool_of
from executors.warm_server import Preload

preload = Preload(modules=("json",), options=("-I",), own=True)

with open_tools(Path(sys.argv[1])) as sandbox:
    pool = pool_of(sandbox)
    if pool is None:
        sys.exit("no warm runs here")
    def forked(arguments, **limits):
        warm = pool.ready(preload, wait=30)
        with warm.new_folder() as folder:
            bounds = Limits(wall_seconds=20, **limits)
            return warm.over(folder).run_reporting(["python", "-I", "-c", *arguments], limits=bounds)
    def outcome(code, **limits):
        return forked([code], **limits).outcome.model_dump()
    print(json.dumps({
        "user": os.getuid(),
        "escapes": escapes(lambda view, limits, command: forked(command[command.index("-c") + 1:])),
        "plain": outcome("open('made', 'w'); import sys; sys.exit(7)"),
        "bomb": outcome("import os\\nwhile True: os.fork()", processes=40),
        "memory": outcome("x = []\\nwhile True: x.append(bytearray(4_000_000))", memory_mb=200),
    }))
"""


@pytest.fixture
def work_dir() -> Iterator[Path]:
    folder = Path("/tmp") / f"devteam-warm-ordinary-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def test_warm_runs_are_confined_for_an_ordinary_user(work_dir: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("needs root, to become an ordinary user; the other tests run as one already")
    python = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    if not Path(python).exists():
        pytest.skip(f"no {python}, which an ordinary user can start")
    environ = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
        "PATH": os.defpath,
        "HOME": "/nonexistent",
        "DEVTEAM_CACHE_DIR": str(work_dir / "cache"),
    }
    done = subprocess.run(
        [python, "-c", SCRIPT, str(work_dir)], user=NOBODY, group=NOBODY, extra_groups=[], env=environ,
        cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "No module named 'executors'" in done.stderr:
        pytest.skip("an ordinary user cannot read this folder")
    if "no warm runs here" in done.stderr or "SandboxUnavailable" in done.stderr:
        pytest.skip("an ordinary user has no namespaces on this machine")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["user"] == NOBODY
    assert told["escapes"] == []
    assert (told["plain"]["exit_code"], told["plain"]["files_changed"]) == (7, ["made"])
    assert told["memory"]["limit"] == "memory"
    # The kernel bounds the tasks: the bomb may end by itself before the supervisor ends it.
    assert told["bomb"]["limit"] == "processes" or "unavailable" in told["bomb"]["output"]
