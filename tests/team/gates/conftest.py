"""A tree is written down, judged in a real sandbox, and looked at."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from support.gate_trees import GOOD, Judge

from executors import Executor, SandboxUnavailable, open_executor
from team.gates import judge, make_target
from team.gates.base import GateResult, GateSettings, Target


@pytest.fixture
def good() -> dict[str, str]:
    """Files that every gate passes."""
    return dict(GOOD)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Executor]:
    """A sandbox over an empty workspace, with the interpreter of these tests."""
    root = tmp_path / "files"
    root.mkdir()
    try:
        with open_executor("auto", work_dir=root, python=Path(sys.executable)) as executor:
            yield executor
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")


@pytest.fixture
def target(sandbox: Executor) -> Callable[..., Target]:
    """Writes files down and makes them a target: ``target({path: text})``."""

    def write(files: Mapping[str, str | bytes], settings: GateSettings | None = None) -> Target:
        for path, text in files.items():
            place = sandbox.work_dir / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode() if isinstance(text, str) else text)
        return make_target(sandbox.work_dir, sandbox, settings or GateSettings(timeout=60))

    return write


@pytest.fixture
def judged(target: Callable[..., Target]) -> Judge:
    """One gate's result over some files: ``judged("lint", {path: text})``."""

    def one(name: str, files: Mapping[str, str | bytes], settings: GateSettings | None = None) -> GateResult:
        (result,) = judge(target(files, settings), [name])
        return result

    return one
