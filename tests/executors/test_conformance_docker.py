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


class TestDocker(RunningConformance, LimitsConformance, SeamConformance, ConfinementConformance):
    @pytest.fixture
    def make_executor(self, tmp_path: Path) -> MakeExecutor:
        work_dir = tmp_path / "a 'work' földer"
        work_dir.mkdir()

        def make(limits: Limits | None = None) -> Executor:
            try:
                return open_executor("docker", work_dir=work_dir, limits=limits)
            except SandboxUnavailable as missing:
                pytest.skip(str(missing))

        return make
