"""Gate results as a report for models, the same for the same state, and as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from team.gates.base import Finding, GateResult
from team.gates.wording import told

if TYPE_CHECKING:
    from rich.table import Table

MOST_FINDINGS = 20
"""Findings shown of one gate."""
MOST_LINES = 120
"""Lines of the whole report."""
BY_SPEED = frozenset({"mutation"})
"""Gates that report as much as their time allows: models are told only what decides."""

_STYLES = {"pass": "green", "fail": "red", "error": "bold red", "skip": "dim"}


def as_text(results: Sequence[GateResult]) -> str:
    """The report that goes back to the models, as Markdown.

    It holds no time, path of this machine or address. What a tool or a test said is indented: it is
    quoted, so nothing in it can pass for a line of the report. Red gates come with their findings,
    worst first, and what is left out is counted.
    """
    results = [result for result in results if result.red or result.name not in BY_SPEED]
    red = [result for result in results if result.red]
    lines = [f"Gates: {len(red)} of {len(results)} red." if red else f"Gates: all {len(results)} hold."]
    lines += [f"- {result.name}: {result.status}{_reason(result)}" for result in results]
    sections = [(result, list(_section(result))) for result in results if result.findings]
    for _, section in sorted(sections, key=lambda pair: not pair[0].red):
        room = MOST_LINES - len(lines) - 2
        if len(section) > room:
            section = [*section[: max(room - 1, 0)], f"… {len(section) - max(room - 1, 0)} lines left out"]
        lines += ["", *section]
        if room <= 0:
            break
    return "\n".join(lines)


def as_table(results: Sequence[GateResult]) -> Table:
    """A table for people: status, findings, seconds and the reason of each gate."""
    from rich.table import Table
    from rich.text import Text

    table = Table("gate", "status", "to mend", "minor", "seconds", "", box=None)
    for result in results:
        minor = sum(finding.severity == "minor" for finding in result.findings)
        table.add_row(
            result.name,
            Text(result.status, style=_STYLES[result.status]),
            str(len(result.findings) - minor),
            str(minor),
            f"{result.seconds:.1f}",
            Text(told(result.why)),
        )
    return table


def _reason(result: GateResult) -> str:
    return f" ({told(result.why)})" if result.why else ""


def _section(result: GateResult) -> Iterator[str]:
    """One gate's findings: a red gate's deciding ones, else the minor ones."""
    ordered = sorted(result.findings, key=_weight)
    yield f"## {result.name}: {result.status}"
    for finding in ordered[:MOST_FINDINGS]:
        first, *rest = told(str_of(finding)).splitlines() or [""]
        yield f"- {first}"
        yield from (f"    {line}" for line in rest)
    if len(ordered) > MOST_FINDINGS:
        yield f"… and {len(ordered) - MOST_FINDINGS} more findings"


def str_of(finding: Finding) -> str:
    """A finding with its severity and rule in the first line, and the tool's words below."""
    place = f"{finding.file}:{finding.line}" if finding.file and finding.line else finding.file or ""
    first, _, rest = finding.message.partition("\n")
    head = f"{place + ': ' if place else ''}{first} [{finding.rule}, {finding.severity}]"
    return f"{head}\n{rest}" if rest else head


def _weight(finding: Finding) -> tuple[int, str, int, str, str]:
    order = ("critical", "major", "minor").index(finding.severity)
    return order, finding.file or "", finding.line or 0, finding.rule, finding.message
