"""Findings as GitHub annotations: the workflow commands that a step prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from team.gates.base import Finding, GateResult
from team.transcript.safe_text import plain

_COMMANDS = {"critical": "error", "major": "error", "minor": "notice"}


def github(results: Sequence[GateResult], *, prefix: str = "") -> str:
    """One line for each finding, and for each gate that is red without one or could not be run.

    A finding's text cannot begin a command of its own: what would end the line or a field is escaped.

    Args:
        results: what the gates said.
        prefix: the judged folder as seen from the repository's root, POSIX; empty when it is that.
    """
    return "".join(f"{line}\n" for result in results for line in _lines(result, prefix))


def _lines(result: GateResult, prefix: str) -> Iterator[str]:
    for finding in result.findings:
        yield _annotation(result.name, finding, prefix)
    if result.red and all(finding.severity == "minor" for finding in result.findings):
        yield f"::error title={_field(result.name)}::{_data(result.why or 'this gate is red')}"


def _annotation(gate: str, finding: Finding, prefix: str) -> str:
    fields = [f"title={_field(f'{gate}: {finding.rule}')}"]
    if finding.file:
        path = f"{prefix}/{finding.file}" if prefix else finding.file
        fields.insert(0, f"file={_field(path)}")
        if finding.line:
            fields.insert(1, f"line={finding.line}")
    return f"::{_COMMANDS[finding.severity]} {','.join(fields)}::{_data(finding.message or finding.rule)}"


def _data(text: str) -> str:
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _field(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
