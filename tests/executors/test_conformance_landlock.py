"""The conformance suite where namespaces are forbidden, with what Landlock cannot give declared."""

from pathlib import Path

import pytest
from support.landlocked import require_landlock

from executors import Executor, Limits
from executors.confinement import View
from executors.conformance import (
    ConfinementConformance,
    LimitsConformance,
    MakeExecutor,
    RunningConformance,
    SeamConformance,
)
from executors.interpreter import own_interpreter
from executors.landlocked import LandlockExecutor


class TestLandlock(RunningConformance, LimitsConformance, SeamConformance, ConfinementConformance):
    own_network = False
    own_user = False

    @pytest.fixture
    def make_executor(self, tmp_path: Path) -> MakeExecutor:
        require_landlock()
        work_dir = tmp_path / "a 'work' földer"
        work_dir.mkdir()
        view = View(work_dir.resolve(), own_interpreter())

        def make(limits: Limits | None = None) -> Executor:
            return LandlockExecutor(view, limits or Limits(), "Landlock")

        return make
