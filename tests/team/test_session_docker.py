"""A whole session with its sandbox in Docker."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tapes import APPROVE, RIGHT, TASK, TESTS, write_tape

from executors import SandboxUnavailable, open_executor
from executors.daemon import SESSION, connect
from team.config import CodeGenerationConfig
from team.result import Reason
from team.session import run_session
from team.specs import TaskSpec


@pytest.fixture(autouse=True)
def docker(tmp_path: Path) -> None:
    try:
        open_executor("docker", work_dir=tmp_path).close()
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))


def test_a_session_is_accepted_in_docker_and_leaves_no_container(tmp_path: Path) -> None:
    tape = write_tape(
        tmp_path / "tape.jsonl",
        ("architect", "One module, slug.py, with one function."),
        ("test_engineer", TESTS),
        ("developer", RIGHT),
        ("code_reviewer", APPROVE),
        ("architect", APPROVE),
    )
    config = CodeGenerationConfig(model=f"tape:{tape}", work_dir=tmp_path / "sessions", executor="docker")
    result = run_session(TaskSpec(requirements=TASK), config)
    assert (result.reason, result.iterations) == (Reason.ACCEPTED, 1)
    assert {gate.status for gate in result.gates.values()} <= {"pass", "skip"}
    folder = Path(result.path)
    for file in folder.rglob("*"):
        assert file.lstat().st_uid == tmp_path.stat().st_uid, f"{file} did not come back to its owner"
    left = connect().containers.list(
        all=True, filters={"label": f"{SESSION}={folder.name}"}, ignore_removed=True
    )
    assert left == []
