"""The mutation gate: whether tests notice mutants of the lines that they run.

Without a threshold it only reports, within a few seconds; what it reports then depends on the speed of the
machine, so no model is told. With one, the same mutants are tried whatever time that takes.
"""

from __future__ import annotations

from collections.abc import Mapping

from team.gates.base import Finding, GateResult, Target, ToolFailed
from team.gates.evidence import Evidence
from team.gates.integrity.modules import read_module
from team.gates.mutation.mutants import Mutant, mutants_of
from team.gates.pinned import MUTANTS, MUTATION_SECONDS
from team.gates.probing import Probe, ProbeFailed, Variant, probe
from team.gates.static import result
from team.gates.testverdict import is_red
from team.gates.trees import read_plain

RULE = "surviving-mutant"
DECIDING_SECONDS = 300.0
MOST_DECIDING = 100
MOST_TESTS = 40
"""Tests tried on one mutant, those that run the fewest lines first."""
ONE_SECONDS = 20.0
"""A mutant that runs longer counts as noticed: it loops."""


class MutationGate:
    """Judges the tests by what they notice."""

    name = "mutation"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be sources and tests that hold."""
        if not target.sources or not target.tests:
            return "there is no source or no test"
        if self._evidence.broken or is_red(self._evidence.tests, target, self._evidence.facts):
            return "the tests do not hold yet"
        return None

    def run(self, target: Target) -> GateResult:
        """Name the mutants that no test notices; with a threshold, fail when too few are noticed."""
        wanted = target.settings.mutation
        try:
            by_line = self._tests_by_line()
            mutants = self._mutants(target, by_line, MUTANTS if wanted is None else MOST_DECIDING)
            told = self._try(target, mutants, by_line) if mutants else {}
        except ProbeFailed as failed:
            if wanted is None:
                return GateResult(name=self.name, status="pass", why=f"not tried: {failed}")
            raise ToolFailed(str(failed)) from failed
        tried = [mutant for mutant in mutants if mutant.name in told]
        left = [mutant for mutant in tried if _survives(told[mutant.name])]
        percent = 100 * (len(tried) - len(left)) / len(tried) if tried else 100.0
        short = wanted is not None and percent < wanted
        findings = [_finding(mutant, by_line, short) for mutant in left]
        why = f"{len(tried) - len(left)} of {len(tried)} mutants noticed"
        return result(
            self.name, findings, f"{why}; {wanted:g} % are asked for" if wanted is not None else why
        )

    def _tests_by_line(self) -> dict[tuple[str, int], list[str]]:
        """Place → tests that run it, those first that run little else."""
        lines = self._evidence.mapped.lines
        sizes = {test: sum(map(len, reached.values())) for test, reached in lines.items()}
        found: dict[tuple[str, int], list[str]] = {}
        for test in sorted(lines, key=lambda test: (sizes[test], test)):
            for path, reached in lines[test].items():
                for line in reached:
                    found.setdefault((path, line), []).append(test)
        return found

    def _mutants(
        self, target: Target, by_line: Mapping[tuple[str, int], list[str]], most: int
    ) -> list[Mutant]:
        made: list[Mutant] = []
        for path in target.sources:
            text = (read_plain(self._evidence.tree / path) or b"").decode("utf-8-sig")
            module = read_module(path, text)
            if module is not None:
                made += mutants_of(module, {line for place, line in by_line if place == path}, most)
        return sorted(made, key=lambda mutant: mutant.name)[:most]

    def _try(
        self, target: Target, mutants: list[Mutant], by_line: Mapping[tuple[str, int], list[str]]
    ) -> dict[str, Probe]:
        seconds = MUTATION_SECONDS if target.settings.mutation is None else DECIDING_SECONDS
        at_import = self._evidence.mapped.at_import
        variants = [
            Variant(
                mutant.name,
                by_line[mutant.path, mutant.line][:MOST_TESTS],
                {mutant.path: mutant.text},
                first_failure=True,
                live=mutant.line not in at_import.get(mutant.path, ()),
                seconds=ONE_SECONDS,
            )
            for mutant in mutants
        ]
        told = probe(target, self._evidence.facts, variants, seconds)
        cut_off = [name for name, one in told.items() if one.how == "limit"][-1:]
        if target.settings.mutation is None and cut_off and list(told)[-1] == cut_off[0]:
            del told[cut_off[0]]  # it may be our time that was over, not the mutant's
        return told


def _survives(told: Probe) -> bool:
    return told.how == "ended" and bool(told.passed) and all(told.passed.values())


def _finding(mutant: Mutant, by_line: Mapping[tuple[str, int], list[str]], short: bool) -> Finding:
    tests = len(by_line[mutant.path, mutant.line])
    one = "the test that runs this line" if tests == 1 else f"any of the {tests} tests that run this line"
    message = f"`{mutant.was}` could be `{mutant.now}` without {one} failing: demand what tells them apart"
    return Finding(
        file=mutant.path, line=mutant.line, rule=RULE, severity="major" if short else "minor", message=message
    )
