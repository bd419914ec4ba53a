import sys
from pathlib import Path

import pytest

from executors import Executor, Limits, open_executor
from executors.conformance import LimitsConformance, MakeExecutor, RunningConformance, SeamConformance


class TestUnconfined(RunningConformance, LimitsConformance, SeamConformance):
    """All but the confinement, which it does not have."""

    @pytest.fixture
    def make_executor(self, tmp_path: Path) -> MakeExecutor:
        work_dir = tmp_path / "work"
        work_dir.mkdir()

        def make(limits: Limits | None = None) -> Executor:
            return open_executor("unconfined", work_dir=work_dir, limits=limits, python=Path(sys.executable))

        return make
