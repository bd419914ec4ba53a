"""The pipeline gate: what arrives must be what the spec says, after every kind of trouble."""

from __future__ import annotations

from team.gates.base import GateResult, Target
from team.gates.evidence import Evidence
from team.gates.pipeline.stage import why_not
from team.gates.pipeline.trials import TRIALS, Case, run_trials
from team.gates.static import result
from team.pipelines import layout_of
from team.pipelines.samples import Samples
from team.specs.pipeline import PipelineSpec


class PipelineGate:
    """Runs the pipeline on rows of ours: twice, on dirty and drifting ones, later ones, and killed midway."""

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
        case = Case(target, target.spec, layout, Samples(target.spec, layout), self._evidence.facts)
        findings = list(run_trials(case))
        why = f"{len(TRIALS)} trials" if not findings else "a trial did not end as it must"
        return result(self.name, findings, why).model_copy(update={"evidence": "contract"})
