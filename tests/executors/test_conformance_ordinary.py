"""What confines and limits, in namespaces, as an ordinary user (see `test_ordinary_user`)."""

import os
from pathlib import Path

import pytest

from executors import Executor, Limits
from executors.bubblewrap import find_bubblewrap
from executors.confinement import View
from executors.conformance import ConfinementConformance, LimitsConformance, MakeExecutor
from executors.interpreter import own_interpreter
from executors.local import LocalExecutor

if os.getuid() == 0:
    pytest.skip("declared: `test_ordinary_user` runs this as an ordinary user", allow_module_level=True)


class TestOrdinaryUser(LimitsConformance, ConfinementConformance):
    @pytest.fixture
    def make_executor(self, tmp_path: Path) -> MakeExecutor:
        work_dir = tmp_path / "a 'work' földer"
        work_dir.mkdir()
        program = find_bubblewrap(work_dir)
        if program is None:
            pytest.skip("bubblewrap is missing")
        view = View(work_dir.resolve(), own_interpreter())

        def make(limits: Limits | None = None) -> Executor:
            return LocalExecutor(program, view, limits or Limits(), "namespaces")

        return make
