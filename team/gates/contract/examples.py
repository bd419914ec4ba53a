"""The check of examples: the code, called from another process, answers them as the requirements say."""

from __future__ import annotations

from collections.abc import Sequence

from team.gates.base import Finding, GateResult, Target
from team.gates.contract.calls import Answer
from team.gates.contract.hardcoded import hard_coded, near
from team.gates.contract.known import KnownAnswer, known_answers
from team.gates.contract.oracles import differences, has_oracle
from team.gates.evidence import Evidence
from team.gates.foreign.cases import claims_about
from team.gates.static import result

RULE = "example"
MOST_TRIED = 60
"""Calls that are tried against a second solution."""


class ExamplesCheck:
    """Holds the code against the examples of its requirements."""

    kind = "examples"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a file of code."""
        return None if target.sources or target.tests else "there is no source file"

    def run(self, target: Target) -> GateResult:
        """Fail for every example that the code does not hold."""
        asked = self._evidence.examples
        findings = [_finding(known, answer, target) for known, answer in asked.broken]
        if not findings:
            findings = hard_coded(target, self._texts(target.sources), self._visible(target))
        held, total = len(asked.answered) - len(asked.broken), len(asked.answered)
        why = f"{held} of {total} examples hold"
        if asked.unasked:
            names = sorted({one.call.function for one in asked.unasked})
            why += f"; not asked, as no source file defines them: {', '.join(names)}"
        if not total and not findings:
            why = why if asked.unasked else "the requirements hold no example that can be read surely"
            return GateResult(name="contract", status="skip", why=why)
        cases = {
            str(known): "pass" if known.holds(answer) else str(answer) for known, answer in asked.answered
        }
        return result("contract", findings, why).model_copy(update={"evidence": self.kind, "cases": cases})

    def _visible(self, target: Target) -> list[KnownAnswer]:
        """What the author of the code could see: the examples, and what the tests say of single calls."""
        claims = claims_about(target, self._texts(target.tests))
        return [*known_answers(target.spec), *(claim.known for claim in claims if not claim.truth)]

    def _texts(self, paths: Sequence[str]) -> dict[str, str]:
        return {path: (self._evidence.tree / path).read_text("utf-8-sig") for path in paths}


class ProblemCheck(ExamplesCheck):
    """The same for an algorithm problem, whose examples are its spec."""

    kind = "contract"

    def run(self, target: Target) -> GateResult:
        """As for examples, and hold the code against the problem's second solution and properties."""
        said = super().run(target)
        if said.red or not has_oracle(target):
            return said
        visible = [one.call for one in self._visible(target) if not one.raises]
        more = [*visible, *(call for one in visible for call in near(one))][:MOST_TRIED]
        found = differences(target, known_answers(target.spec), more)
        held = result(
            "contract", [*said.findings, *found], f"{said.why}; tried against the problem's oracles"
        )
        return held.model_copy(update={"evidence": self.kind, "cases": said.cases})


def _finding(known: KnownAnswer, answer: Answer, target: Target) -> Finding:
    place = answer.place if answer.place and answer.place[0] in target.sources else None
    return Finding(
        file=place[0] if place else None,
        line=place[1] if place else None,
        rule=RULE,
        message=f"the requirements say {known}, but {answer}",
    )
