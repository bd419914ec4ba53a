"""The coverage gate: the share of the sources' executable lines that the tests really executed.

What is executable is read from the source by our reader, outside of the process that runs the tests,
with the same rules as the `coverage` package and without its exclusions: ``pragma: no cover`` counts
for nothing. What was executed is noted by marks (see `runner.marks`) in a second run, in the opposite order,
that the integrity gate needs as well; so the run that decides whether tests pass runs the code as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from team.gates.base import Finding, GateResult, Target
from team.gates.evidence import Evidence
from team.gates.probing import ProbeFailed
from team.gates.suppressions import suppressions

MOST_RANGES = 12


class CoverageGate:
    """Judges the lines that the one run of the tests executed."""

    name = "coverage"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be a source file."""
        return None if target.sources else "there is no source file"

    def run(self, target: Target) -> GateResult:
        """Fail when the share over all sources is below the floor; name every uncovered line."""
        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        if not self._evidence.tests.story.ended:
            return self._unmeasured("the test run did not end")
        try:
            lines = self._lines()
        except ProbeFailed as failed:
            return self._unmeasured(str(failed))
        missed = {path: self._missed(path, lines.get(path, ())) for path in target.sources}
        total = sum(len(self._evidence.facts[path].statements) for path in target.sources)
        reached = total - sum(map(len, missed.values()))
        percent = 100 * reached / total if total else 100.0
        findings = suppressions(self._evidence.facts, {"pragma"}, target.tests)
        short = percent < target.settings.coverage_floor
        if short:
            findings = [*_uncovered(missed), *findings]
        return GateResult(
            name=self.name,
            status="fail" if short else "pass",
            findings=tuple(findings),
            why=f"{_floored(percent)} % of {total} lines; the floor is {target.settings.coverage_floor:g} %",
        )

    def _unmeasured(self, why: str) -> GateResult:
        return GateResult(name=self.name, status="fail", why=f"not measured: {why}")

    def _lines(self) -> Mapping[str, Collection[int]]:
        """The lines that ran, by path; from the run of the tests itself where that noted them."""
        return self._evidence.tests.story.lines or self._evidence.mapped.all_lines()

    def _missed(self, path: str, ran: Collection[int]) -> frozenset[int]:
        facts = self._evidence.facts[path]
        return facts.statements - facts.executed(ran)


def _uncovered(missed: dict[str, frozenset[int]]) -> Iterator[Finding]:
    """One finding per file, the most lines first."""
    for path, lines in sorted(missed.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        if lines:
            ranges = list(_ranges(sorted(lines)))
            more = f" and {len(ranges) - MOST_RANGES} more places" if len(ranges) > MOST_RANGES else ""
            message = f"no test reaches {len(lines)} lines: {', '.join(ranges[:MOST_RANGES])}{more}"
            yield Finding(file=path, line=min(lines), rule="coverage", message=message)


def _ranges(lines: list[int]) -> Iterator[str]:
    """Runs of neighbouring lines, as ``3`` or ``3-5``."""
    start = previous = lines[0]
    for line in [*lines[1:], 0]:
        if line != previous + 1:
            yield str(start) if start == previous else f"{start}-{previous}"
            start = line
        previous = line


def _floored(percent: float) -> str:
    """One decimal, never rounded up over a floor."""
    return f"{int(percent * 10) / 10:g}"
