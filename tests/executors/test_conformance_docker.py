import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from executors import Executor, Limits, SandboxUnavailable, open_executor
from executors.conformance import (
    ConfinementConformance,
    LimitsConformance,
    MakeExecutor,
    RunningConformance,
    SeamConformance,
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    work_dir = tmp_path_factory.mktemp("docker") / "a 'work' földer"
    work_dir.mkdir()
    try:
        executor = open_executor("docker", work_dir=work_dir, limits=Limits(wall_seconds=20))
    except SandboxUnavailable as missing:
        pytest.skip(str(missing))
    with executor:
        yield executor


class TestDocker(RunningConformance, LimitsConformance, SeamConformance, ConfinementConformance):
    """One container serves test after test, as it serves run after run: the workspace alone is emptied."""

    @pytest.fixture
    def executor(self, opened: Executor) -> Executor:
        for path in opened.work_dir.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return opened

    @pytest.fixture
    def make_executor(self, tmp_path: Path) -> MakeExecutor:
        work_dir = tmp_path / "work"
        work_dir.mkdir()

        def make(limits: Limits | None = None) -> Executor:
            try:
                return open_executor("docker", work_dir=work_dir, limits=limits)
            except SandboxUnavailable as missing:
                pytest.skip(str(missing))

        return make
