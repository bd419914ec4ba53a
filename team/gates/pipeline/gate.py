"""The pipeline gate: what arrives must be what the spec says, after every kind of trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from team.gates.base import Finding, GateResult, Target
from team.gates.evidence import Evidence
from team.gates.pipeline import trials
from team.gates.pipeline.memory import needs_bounded_memory
from team.gates.pipeline.stage import why_not
from team.gates.static import result
from team.pipelines import layout_of
from team.pipelines.samples import Samples
from team.specs.pipeline import PipelineSpec

TRIALS: tuple[Callable[[trials.Case], Iterator[Finding]], ...] = (
    trials.arrives_and_arrives_once, trials.takes_what_is_new, trials.refuses_bad_rows, trials.notices_drift,
    trials.survives_a_kill, needs_bounded_memory,
)  # fmt: skip


class PipelineGate:
    """Runs the pipeline on rows of ours: twice, later, dirty, drifting and many ones, and killed midway."""

    name = "pipeline"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a pipeline spec that can be carried out here."""
        if not isinstance(target.spec, PipelineSpec):
            return "it is no pipeline"
        return why_not(target.spec, layout_of(target.spec))

    def run(self, target: Target) -> GateResult:
        """Fail for the first trial that does not end as it must."""
        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        if not isinstance(target.spec, PipelineSpec):
            raise ValueError("the gate was asked although it skips")
        layout = layout_of(target.spec)
        case = trials.Case(target, target.spec, layout, Samples(target.spec, layout), self._evidence.facts)
        findings = list(run_trials(case))
        why = f"{len(TRIALS)} trials" if not findings else "a trial did not end as it must"
        return result(self.name, findings, why).model_copy(update={"evidence": "contract"})


def run_trials(case: trials.Case) -> Iterator[Finding]:
    """All findings of the first trial that has some: those after it would say the same again."""
    for trial in TRIALS:
        findings = list(trial(case))
        yield from findings
        if findings:
            return
