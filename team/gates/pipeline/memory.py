"""The trial of a pipeline's memory: many rows must not need much more of it than a few."""

from __future__ import annotations

import re
from collections.abc import Iterator

from executors.base import Outcome
from team.gates.base import Finding
from team.gates.pipeline.stage import Stage
from team.gates.pipeline.trials import Case, finding, said
from team.pipelines import steps as s

FEW, ROWS = 2_000, 120_000
PADDING = 400
"""Characters of a further column, so that all rows together are far larger than a chunk of them."""
MOST_GROWTH = 240
"""MB that all the rows may need beyond what a few need: chunks of 50,000 rows stay below it, and a frame that
holds all the rows, with the copies that every step makes, does not."""
_STREAMED = ("csv", "jsonl", "sql")
_PEAK = re.compile(r"^devteam-peak (\d+)$", re.MULTILINE)
_MEASURED = """
import resource, runpy, sys
sys.argv[:] = ["pipeline", "run"]
try:
    runpy.run_module("pipeline", run_name="__main__", alter_sys=True)
finally:
    print("\\ndevteam-peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
"""


def needs_bounded_memory(case: Case) -> Iterator[Finding]:
    """A source that does not fit into memory is loaded all the same, chunk by chunk.

    Left out where a step needs all rows at once, and for sources that nobody reads in pieces.
    """
    whole = any(isinstance(placed.step, s.Sort | s.Aggregate) for placed in case.layout.steps)
    if whole or getattr(case.spec.source, "kind", "") not in _STREAMED:
        return
    peaks = []
    for count in (FEW, ROWS):
        with case.stage() as stage:
            outcome = _run_over(stage, case, count)
        found = _PEAK.findall(outcome.output)
        if outcome.exit_code != 0 or not found:
            yield finding("memory", f"a run over {count} good rows fails: {said(outcome)}")
            return
        peaks.append(int(found[-1]))
    if peaks[1] - peaks[0] > MOST_GROWTH:
        text = (
            f"{FEW} rows need {peaks[0]} MB, and {ROWS} rows need {peaks[1]} MB: read and load them in chunks"
        )
        yield finding("memory", text)


def _run_over(stage: Stage, case: Case, count: int) -> Outcome:
    tables = case.samples.many(count)
    if not case.layout.closed:
        tables = {**tables, 0: [{**row, "a_wide_column": "x" * PADDING} for row in tables[0]]}
    stage.deliver(tables)
    return stage.run_code(_MEASURED)
