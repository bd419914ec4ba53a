"""The Docker executor as an ordinary user of Docker has it. Run by root, who can become one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from executors import SandboxUnavailable
from executors.daemon import connect

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, os, sys
from pathlib import Path
from executors import Limits, open_executor

work = Path(sys.argv[1])
with open_executor("docker", work_dir=work) as sandbox:
    def python(code, **limits):
        return sandbox.run(["python", "-c", code], limits=Limits(wall_seconds=20, **limits)).model_dump()
    print(json.dumps({
        "plain": python("import os; open('made', 'w'); print(os.getuid())"),
        "memory": python("x = []\\nwhile True: x.append(bytearray(4_000_000))", memory_mb=100),
        "bomb": python("import os\\nwhile True: os.fork()", processes=40),
        "closed": python("import os; os.makedirs('a/b/c'); os.chmod('a/b', 0); os.chmod('a', 0)"),
        "owners": sorted({path.stat().st_uid for path in work.rglob("*")}),
    }))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path("/tmp") / f"devteam-docker-{os.getpid()}"
    (folder / "work").mkdir(parents=True)
    for path in (folder, folder / "work"):
        os.chown(path, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def group() -> int:
    """The group that may speak to the daemon."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become an ordinary user; the other tests run as one already")
    try:
        connect().close()
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))
    daemon = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    if not Path(daemon).exists() or not Path(daemon).stat().st_mode & 0o020:
        pytest.skip("no group may speak to this daemon")
    return Path(daemon).stat().st_gid


def test_it_confines_for_an_ordinary_user(place: Path, group: int) -> None:
    done = None
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            done = as_nobody(python, "-c", SCRIPT, str(place / "work"), group=group, cache=place / "cache")
        except OSError:  # out of reach for an ordinary user
            continue
        break
    if done is None or "No module named 'executors'" in done.stderr:
        pytest.skip(f"no {version} that an ordinary user can start")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["plain"]["output"], told["plain"]["files_changed"]) == (f"{NOBODY}\n", ["made"])
    assert told["memory"]["limit"] == "memory"
    assert told["bomb"]["limit"] == "processes"
    assert told["closed"]["exit_code"] == 0
    assert told["owners"] == [NOBODY]


def as_nobody(python: str, *arguments: str, group: int, cache: Path) -> subprocess.CompletedProcess[str]:
    environ = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
        "PATH": os.defpath,
        "HOME": "/nonexistent",
        "DEVTEAM_CACHE_DIR": str(cache),
        **{name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ},
    }
    return subprocess.run(
        [python, *arguments], user=NOBODY, group=NOBODY, extra_groups=[group], env=environ,
        cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
