"""The test cases of a problem in another language: data that its file holds a line each, and their gate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from team.gates.base import Finding, GateResult, Target
from team.gates.contract.calls import Answer, Call, ask
from team.gates.contract.claims import Claim, claims_of
from team.gates.contract.known import KnownAnswer
from team.gates.evidence import Evidence
from team.gates.integrity.past import CASES
from team.gates.runner.plain_values import NotPlain, encode
from team.gates.static import result
from team.gates.testfailures import SILENT
from team.gates.trees import read_plain
from team.generators.solve.cases import Case, as_case
from team.specs.task import ProblemSpec, language_of

BROKEN = "no-tests"
"""The rule of findings about the file itself; whoever writes tests mends them."""
KEPT = "case-changed"
"""The rule of a case that was there before and was not to be changed."""


class CasesGate:
    """Judges by the test engineer's cases, each asked from another process, with a verdict of its own."""

    name = "tests"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be something to judge; that there are no cases is a finding."""
        return None if target.sources or target.tests else "there is no source file"

    def run(self, target: Target) -> GateResult:
        """Fail for every case that does not hold."""
        from team.gates.contract.faults import settled

        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        claims = case_claims(_text(target), _entry_point(target))
        if not claims:
            message = f"{CASES} holds no test cases: answer with a list of {{name, kind, input, expected}}"
            return result(self.name, [Finding(file=CASES, rule=BROKEN, message=message)])
        answered = list(zip(claims, ask(target, [claim.call for claim in claims]), strict=True))
        failing = [_finding(claim, answer) for claim, answer in answered if not claim.holds(answer)]
        findings = [*settled(failing, self._evidence), *_changed(claims, target)]
        why = f"{len(claims) - len(failing)} of {len(claims)} cases hold"
        cases = {claim.test: "pass" if claim.holds(answer) else str(answer) for claim, answer in answered}
        return result(self.name, findings, why).model_copy(update={"evidence": self.name, "cases": cases})


def claims_about(target: Target, texts: Mapping[str, str]) -> list[Claim]:
    """What the tests of a target claim, given as path → text, in whatever form they are."""
    if language_of(target.spec) is None:
        return claims_of(texts)
    return case_claims(texts.get(CASES, ""), _entry_point(target))


def case_claims(text: str, entry_point: str) -> list[Claim]:
    """What a file of cases claims; a line that holds none is passed over."""
    claims: list[Claim] = []
    for number, line in enumerate(text.splitlines(), start=1):
        case = _read(line)
        if case is None:
            continue
        try:
            call = Call(entry_point, (), {name: encode(value) for name, value in case.input.items()})
            expected = None if case.raises else encode(case.expected)
        except NotPlain:
            continue
        known = KnownAnswer(call, expected, case.raises, loose=True)
        claims.append(Claim(f"{CASES}::{case.name or number}", number, known))
    return claims


def _read(line: str) -> Case | None:
    try:
        return as_case(json.loads(line.strip().rstrip(",")))
    except (ValueError, ValidationError, RecursionError):
        return None


def _finding(claim: Claim, answer: Answer) -> Finding:
    return Finding(
        file=CASES,
        line=claim.line,
        rule=SILENT,
        message=f"{claim.known} was expected, but {answer}",
        tests=(claim.test,),
    )


def _changed(claims: Iterable[Claim], target: Target) -> list[Finding]:
    """Findings for cases of the turns before that are gone or say something else, though nobody asked for it.

    A case that was there when the mandate named it may change, and from then on the new one counts.
    """
    now = {claim.test: claim for claim in claims}
    allowed = target.mandate.expected
    kept: dict[str, Claim] = {}
    for state in target.past:
        for claim in case_claims(state.cases, _entry_point(target)):
            if claim.test not in kept or claim.test in state.mandate.expected:
                kept[claim.test] = claim
    return [
        Finding(
            file=CASES,
            line=now[test].line if test in now else None,
            rule=KEPT,
            message=f"the case {test.partition('::')[2]} "
            + (
                f"has to stay as it was: {was.known}"
                if test in now
                else f"is gone; it has to stay: {was.known}"
            ),
            tests=(test,),
        )
        for test, was in kept.items()
        if allowed.isdisjoint((test, CASES, f"{CASES}:{was.line}"))
        and (test not in now or str(now[test].known) != str(was.known))
    ]


def _text(target: Target) -> str:
    return (
        (read_plain(target.root / CASES) or b"").decode("utf-8", "replace") if CASES in target.tests else ""
    )


def _entry_point(target: Target) -> str:
    return target.spec.entry_point if isinstance(target.spec, ProblemSpec) else ""
