"""The tests run warm first: that run may say red early, and only a fresh process says green."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from support.gate_trees import GOOD, rules

from executors import Executor, SandboxUnavailable, open_executor
from executors.warm import WarmPool, pool_of
from team.gates import judge, make_target, warmth
from team.gates.base import GateResult, GateSettings

Judged = Callable[[Mapping[str, str]], GateResult]
WARM_MODULE = "hypothesis"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    """A sandbox whose warm servers are about to start."""
    try:
        with open_executor(
            "auto", work_dir=tmp_path_factory.mktemp("files"), python=Path(sys.executable)
        ) as executor:
            if pool_of(executor) is None:
                pytest.skip("this machine's confinement has no warm runs: no namespaces")
            warmth.warm_up(executor)
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture
def pool(sandbox: Executor) -> WarmPool:
    """The warm servers, once that for tests is ready."""
    pool = pool_of(sandbox)
    assert pool is not None
    assert pool.ready(warmth.TESTS, wait=60) is not None
    return pool


@pytest.fixture
def judged(pool: WarmPool, sandbox: Executor, tmp_path: Path) -> Judged:
    """The tests gate over some files, while the server is warm."""

    def tests(files: Mapping[str, str]) -> GateResult:
        for path, text in files.items():
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        assert pool.ready(warmth.TESTS, wait=60) is not None
        (result,) = judge(make_target(tmp_path, sandbox, GateSettings(timeout=30)), ["tests"])
        return result

    return tests


def test_a_red_rehearsal_is_said_at_once(judged: Judged) -> None:
    only_cold = f"import sys\n\n\ndef test_cold():\n    assert {WARM_MODULE!r} not in sys.modules\n"
    assert judged({"test_a.py": only_cold}).status == "fail"


def test_a_green_rehearsal_is_not_believed(judged: Judged) -> None:
    only_warm = f"import sys\n\n\ndef test_warm():\n    assert {WARM_MODULE!r} in sys.modules\n"
    assert judged({"test_a.py": only_warm}).status == "fail"


def test_what_is_green_cold_is_green(judged: Judged) -> None:
    result = judged(GOOD)
    assert (result.status, result.findings) == ("pass", ())


def test_a_rehearsal_finds_what_a_cold_run_finds(judged: Judged, tmp_path: Path) -> None:
    files = {
        "a.py": "def half(x):\n    return y / 2\n",
        "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef number(tmp_path):\n    return 4\n",
        "tests/test_a.py": (
            "import pytest\nfrom a import half\n\n\n"
            "def test_half(number):\n    assert half(number) == 2\n\n\n"
            "@pytest.mark.parametrize('x', [1, 2])\ndef test_each(x):\n    assert x == 1\n\n\n"
            "def test_skipped():\n    pytest.skip('later')\n"
        ),
        "tests/test_b.py": "import nowhere\n",
    }
    rehearsed = judged(files)
    with open_executor("auto", work_dir=tmp_path, python=Path(sys.executable)) as cold:
        (fresh,) = judge(make_target(tmp_path, cold, GateSettings(timeout=30)), ["tests"])
    assert rules(rehearsed) == {"code-error", "skipped", "test-failed"}
    assert rehearsed.findings == fresh.findings


def test_a_module_of_the_workspace_wins_over_one_that_is_warm(judged: Judged) -> None:
    test = f"from {WARM_MODULE} import OURS\n\n\ndef test_ours():\n    assert OURS\n"
    assert judged({f"{WARM_MODULE}.py": "OURS = True\n", "test_a.py": test}).status == "pass"


POISONS = {
    "patches what judges": (
        "import json, os, sys\n\nos.write = os._exit = json.dumps = None\n"
        "sys.modules['pytest'] = sys.modules['_pytest'] = None\nraise SystemExit(0)\n"
    ),
    "kills all it reaches": "import os\n\nos.kill(-1, 9)\nos.kill(os.getpid(), 9)\n",
    "leaves a daemon": (
        "import os, time\n\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nos._exit(1)\n"
    ),
}


@pytest.mark.parametrize("poison", POISONS.values(), ids=list(POISONS))
def test_a_run_that_poisons_its_process_does_not_touch_the_next(
    judged: Judged, poison: str, tmp_path: Path
) -> None:
    assert judged({"test_a.py": poison}).status == "fail"
    (tmp_path / "test_a.py").unlink()
    assert judged(GOOD).status == "pass"


def test_a_test_that_hangs_ends_with_its_server_and_the_next_judgement_is_well(
    sandbox: Executor, pool: WarmPool, tmp_path: Path, judged: Judged
) -> None:
    (tmp_path / "test_a.py").write_text("import time\n\n\ndef test_a():\n    time.sleep(60)\n")
    (result,) = judge(make_target(tmp_path, sandbox, GateSettings(timeout=2)), ["tests"])
    assert "limit" in rules(result)
    (tmp_path / "test_a.py").unlink()
    assert judged(GOOD).status == "pass"
