"""What got worse in a session, and the message it came with, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from team.transcript.blame import Regression
from team.transcript.body import Line
from team.transcript.events import Message
from team.transcript.reader import Transcript
from team.transcript.safe_text import one_line

_FINDINGS = 5


def regression_lines(regressions: Iterable[Regression], log: Transcript) -> Iterator[Line]:
    """For each: gate and iteration, who brought it with which message, and the findings."""
    for found in regressions:
        again = ", green before" if found.passed_before else ""
        yield Line(one_line(f"✗ {found.gate} in iteration {found.iteration}{again}", 200), "red")
        yield Line(f"    {_message(found, log)}", "bold")
        shown = found.findings[:_FINDINGS]
        yield from (Line(f"    {one_line(str(finding), 200)}") for finding in shown)
        if len(found.findings) > len(shown):
            yield Line(f"    and {len(found.findings) - len(shown)} more", "dim")


def _message(found: Regression, log: Transcript) -> str:
    if found.seq is None:
        return "the log holds no message for it"
    row = next((row for row in log.outline.rows if row.seq == found.seq), None)
    read = next(log.read_rows([row])) if row is not None else None
    first = (
        next((line for line in read.content.splitlines() if line.strip()), "")
        if isinstance(read, Message)
        else ""
    )
    return one_line(f"#{found.seq} {found.agent}: {first}", 160)
