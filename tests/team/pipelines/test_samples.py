"""Rows made up to try a pipeline with."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PRINT_BAD_ROWS = """
from team.pipelines import layout_of
from team.pipelines.samples import Samples
from team.specs import load_spec

spec = load_spec("etl", {
    "source": "jsonl:readings.jsonl",
    "transformations": [{"op": "drop_duplicates", "columns": ["station", "taken", "sensor"]}],
    "destination": "parquet:out.parquet",
    "checks": [{"column": name, "rule": "not_null"} for name in ("station", "taken", "sensor")],
})
print(Samples(spec, layout_of(spec)).dirty(30))
"""


def printed(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", PRINT_BAD_ROWS], env=environment, capture_output=True, check=True
    )
    return ran.stdout.decode()


def test_the_rows_are_the_same_in_every_process() -> None:
    first, second, third = (printed(seed) for seed in "012")
    assert "station" in first
    assert first == second == third
