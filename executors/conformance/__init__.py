"""What every executor must do, as test classes for pytest.

A test module subclasses what applies and says how its executor is made::

    class TestLocal(RunningConformance, LimitsConformance, SeamConformance, ConfinementConformance):
        @pytest.fixture
        def make_executor(self, tmp_path):
            return lambda limits=None: open_executor("local", work_dir=tmp_path, limits=limits)

The interpreter of the executor needs the standard library only.
"""

from executors.conformance.assertions import MODULES
from executors.conformance.confinement import ConfinementConformance
from executors.conformance.fixtures import MakeExecutor
from executors.conformance.limits import LimitsConformance
from executors.conformance.running import RunningConformance
from executors.conformance.seam import SeamConformance

__all__ = [
    "MODULES",
    "ConfinementConformance",
    "LimitsConformance",
    "MakeExecutor",
    "RunningConformance",
    "SeamConformance",
]
