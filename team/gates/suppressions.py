"""Comments that ask a tool to look away: most have no power here, and every one is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from team.gates.base import Finding, Severity
from team.gates.reading import FileFacts, Suppression

RULE = "suppression"
MOST_IGNORES = 3
"""How many type errors, each named by its code, one source file may ask mypy to leave out."""

_POWERLESS = {
    "noqa": "has no effect here: mend what it hides, and remove it",
    "nosec": "has no effect here: mend what it hides, and remove it",
    "pragma": "has no effect here: the lines count as uncovered",
}


def suppressions(facts: Mapping[str, FileFacts], kinds: Iterable[str], tests: Iterable[str]) -> list[Finding]:
    """Findings for all suppressions of these kinds, in the order of files and lines."""
    wanted, lenient = frozenset(kinds), frozenset(tests)
    return [
        finding
        for path in sorted(facts)
        for finding in _of_file(
            path, [found for found in facts[path].suppressions if found.kind in wanted], path in lenient
        )
    ]


def _of_file(path: str, found: list[Suppression], is_test: bool) -> list[Finding]:
    findings, coded = [], 0
    for suppression in found:
        coded += suppression.kind == "type-ignore"
        severity, message = _weighed(suppression, is_test, coded)
        findings.append(
            Finding(file=path, line=suppression.line, rule=RULE, severity=severity, message=message)
        )
    return findings


def _weighed(found: Suppression, is_test: bool, so_far: int) -> tuple[Severity, str]:
    if found.kind in _POWERLESS:
        return "minor", f"`{found.kind}` {_POWERLESS[found.kind]}"
    if found.kind != "type-ignore":
        return "major", f"`{found.kind}` turns type checking off: remove it"
    if is_test:
        return "minor", "`type: ignore` in a test"
    if not found.detail:
        return (
            "major",
            "a bare `type: ignore` hides every error of its line: mend it, or name the error's code",
        )
    if so_far > MOST_IGNORES:
        return "major", f"more than {MOST_IGNORES} `type: ignore` in one file: mend the types instead"
    return "minor", f"`type: ignore{found.detail}` hides an error"
