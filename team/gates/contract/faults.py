"""Whose fault a failing test is, by evidence: what the requirements say of the very call that the test makes.

The examples of the requirements are immutable. A test that expects what an example says is right, and the
code is wrong; a test that expects something else is wrong, once the code holds the example. Where a problem
brings a second solution or properties, these say the same of other calls. Code that breaks an example is
wrong in any case. Where all this is silent, so are we: then a reviewer is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from team.gates.base import Finding
from team.gates.contract.calls import Answer, ask
from team.gates.contract.claims import Claim
from team.gates.contract.known import KnownAnswer, same_call
from team.gates.contract.oracles import alike, broken_properties, has_oracle, reference_answers
from team.gates.evidence import Evidence
from team.gates.foreign.cases import claims_about
from team.gates.testfailures import CODE_AT_FAULT, SILENT, TEST_AT_FAULT

MOST_CLAIMS = 500


@dataclass(frozen=True)
class Fault:
    """The rule of a finding whose fault is known, and what says so."""

    rule: str
    why: str


def settled(findings: Iterable[Finding], evidence: Evidence) -> list[Finding]:
    """The findings, those of failing tests with the rule of who is at fault, where evidence says so.

    Raises:
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    found = list(findings)
    silent = {test for finding in found if finding.rule == SILENT for test in finding.tests}
    if not silent or not (evidence.examples.answered or has_oracle(evidence.target)):
        return found
    texts = {path: (evidence.tree / path).read_text("utf-8-sig") for path in evidence.target.tests}
    trial = _Trial(
        evidence, [claim for claim in claims_about(evidence.target, texts) if claim.test in silent]
    )
    return [_told(finding, trial.fault_of(finding.tests)) for finding in found]


def _told(finding: Finding, fault: Fault | None) -> Finding:
    if fault is None or finding.rule != SILENT:
        return finding
    first, _, rest = finding.message.partition("\n")
    return finding.model_copy(
        update={"rule": fault.rule, "message": "\n".join([first, fault.why, rest]).strip()}
    )


class _Trial:
    """The claims of failing tests, what the code answers to them, and what is known of the same calls."""

    def __init__(self, evidence: Evidence, claims: Sequence[Claim]) -> None:
        claims = claims[:MOST_CLAIMS]
        self._examples = evidence.examples
        target, calls = evidence.target, [claim.call for claim in claims]
        answers = ask(target, calls)
        self._answered = list(zip(claims, answers, strict=True))
        silent = [Answer(trouble="nobody was asked")] * len(calls)
        self._right = dict(zip(claims, reference_answers(target, calls) or silent, strict=True))
        expected, returned = [c.known.expected for c in claims], [a.returned for a in answers]
        self._test_breaks = dict(zip(claims, broken_properties(target, calls, expected), strict=False))
        self._code_breaks = dict(zip(claims, broken_properties(target, calls, returned), strict=False))

    def fault_of(self, tests: Sequence[str]) -> Fault | None:
        """Whose fault the failure of these tests is; None where nothing says so."""
        wrong = [(c, a) for c, a in self._answered if c.test in tests and not c.holds(a)]
        faults = [f for c, a in wrong if (f := self._by_example(c) or self._by_oracle(c, a))]
        faults.sort(key=lambda fault: fault.rule != CODE_AT_FAULT)  # code is mended first
        if faults:
            return faults[0]
        broken = [pair for pair in self._examples.broken if not self._is_outvoted(*pair)]
        if broken:
            known, answer = broken[0]
            return Fault(CODE_AT_FAULT, f"the code is wrong: the requirements say {known}, but {answer}")
        return None

    def _by_example(self, claim: Claim) -> Fault | None:
        for known, given in self._examples.answered:
            if same_call(claim.call, known.call, loose=known.loose):
                if claim.agrees(known):
                    return Fault(CODE_AT_FAULT, f"the code is wrong: the requirements say so, too: {known}")
                if known.holds(given):
                    return Fault(TEST_AT_FAULT, f"the test is wrong: the requirements say {known}")
                return Fault(CODE_AT_FAULT, f"the code is wrong: the requirements say {known}, but {given}")
        return None

    def _by_oracle(self, claim: Claim, answer: Answer) -> Fault | None:
        right = self._right[claim]
        if not right.trouble:
            if not claim.holds(right) and alike(answer, right):
                return Fault(
                    TEST_AT_FAULT, f"the test is wrong: a second solution says of {claim.call}: {right}"
                )
            return Fault(CODE_AT_FAULT, f"the code is wrong: a second solution says of {claim.call}: {right}")
        if not answer.raised and not answer.trouble and (rule := self._code_breaks.get(claim)):
            return Fault(
                CODE_AT_FAULT, f"the code is wrong: for {claim.call} {answer}, which breaks `{rule}`"
            )
        if not claim.truth and not claim.known.raises and (rule := self._test_breaks.get(claim)):
            return Fault(TEST_AT_FAULT, f"the test is wrong: {claim.known} breaks `{rule}`")
        return None

    def _is_outvoted(self, known: KnownAnswer, answer: Answer) -> bool:
        """Whether a test and the code agree on another answer than the example: then evidence is divided."""
        return any(
            same_call(claim.call, known.call, loose=known.loose) and claim.holds(answer)
            for claim, _ in self._answered
        )
