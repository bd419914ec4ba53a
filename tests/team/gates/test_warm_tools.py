"""Static gates in forks of a warm process say what they say cold, and leave nothing behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.gate_trees import GOOD

from executors import Executor, Limits, SandboxUnavailable, open_executor
from executors.warm import pool_of
from team.gates import judge, make_target, warmth
from team.gates.base import GateResult
from team.gates.mypycache import mypy_cache
from team.gates.tools import run_tool

STATIC = ["syntax", "lint", "types", "security"]
BAD = {
    "app/__init__.py": "",
    "app/a.py": "import os\nimport pluggy\n\n\ndef f(x: int) -> str:\n    return x\n\n\nexec('1')\n",
    "app/b.py": "import subprocess\n\nsubprocess.run('ls', shell=True)  # nosec\nx = 1  # noqa: F401\n",
    "tests/test_a.py": "def test_a() -> None:\n    x: int = 'one'\n",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    """A sandbox whose warm tools are ready."""
    try:
        with open_executor(
            "auto", work_dir=tmp_path_factory.mktemp("files"), python=Path(sys.executable)
        ) as executor:
            pool = pool_of(executor)
            if pool is None:
                pytest.skip("this machine's confinement has no warm runs: no namespaces")
            assert pool.ready(warmth.tools(executor.interpreter), wait=60) is not None
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def said(root: Path, sandbox: Executor) -> list[GateResult]:
    results = judge(make_target(root, sandbox), STATIC)
    return [result.model_copy(update={"seconds": 0}) for result in results]


@pytest.mark.parametrize("files", [GOOD, BAD, {"a.py": "def f(:\n"}], ids=["good", "bad", "broken"])
def test_warm_and_cold_gates_say_the_same(
    sandbox: Executor, tmp_path: Path, files: Mapping[str, str]
) -> None:
    root = written(tmp_path, files)
    with open_executor("auto", work_dir=root, python=Path(sys.executable)) as cold:
        assert said(root, sandbox) == said(root, cold)


def test_nothing_of_a_workspace_gets_into_the_cache_of_types(sandbox: Executor, tmp_path: Path) -> None:
    secret = "very_telling_name"
    root = written(tmp_path, {"app.py": f"import json\n\n{secret} = json.dumps(1)\n"})
    said(root, sandbox)
    cache = mypy_cache(make_target(root, sandbox), ["import json"])
    content = [file.read_bytes() for file in cache.rglob("*") if file.is_file()]
    assert any(b"json" in data for data in content)
    assert not any(secret.encode() in data for data in content)


def test_a_tool_cannot_write_where_it_looks(sandbox: Executor, tmp_path: Path) -> None:
    warm = warmth.for_tools(make_target(tmp_path, sandbox))
    assert warm is not None
    code = (
        "import os\n"
        f"for place in ('/workspace', '/', {str(warmth.mypy_folder())!r}, {sys.prefix!r}):\n"
        "    print(os.access(place, os.W_OK))\n"
    )
    with warm.new_folder() as folder, warm.over(folder) as executor:
        assert executor.run(["python", "-I", "-c", code]).output == "False\n" * 4


def test_a_tool_that_meets_a_limit_is_stopped_and_the_next_one_runs(
    sandbox: Executor, tmp_path: Path
) -> None:
    target = make_target(written(tmp_path, GOOD), sandbox)
    warm = warmth.for_tools(target)
    assert warm is not None
    with warm.new_folder() as folder, warm.over(folder) as executor:
        stuck = executor.run(["python", "-I", "-c", "while True: pass"], limits=Limits(wall_seconds=0.3))
    assert stuck.limit == "wall"
    assert run_tool(target, tmp_path, ["ruff", "--version"]).text.startswith("ruff")
