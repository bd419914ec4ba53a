"""The types gate: mypy, strict on sources and not on tests."""

from __future__ import annotations

import json
from collections.abc import Iterator

from team.gates.base import Finding, Target, ToolFailed
from team.gates.mypycache import mypy_arguments, mypy_cache
from team.gates.pinned import mypy_configuration
from team.gates.static import StaticGate
from team.gates.tools import CACHE, how_it_ended, run_tool


class TypesGate(StaticGate):
    """Judges by mypy, against the packages of the sandbox's interpreter."""

    name = "types"
    kinds = frozenset({"type-ignore", "mypy", "no-type-check"})

    def look(self, target: Target) -> Iterator[Finding]:
        """What mypy says of all files."""
        interpreter = target.sandbox.interpreter
        imports = {name for facts in self._evidence.facts.values() for name in facts.imports}
        report = run_tool(
            target,
            self._evidence.tree,
            [*mypy_arguments(interpreter), f"--cache-dir={CACHE}", "--", *target.sources, *target.tests],
            stdin=mypy_configuration(target.tests).encode(),
            cache=mypy_cache(target, imports),
            readable=interpreter.prefixes,
            endings=(0, 1, 2),
        )
        findings = [_finding(line) for line in report.text.splitlines() if line.strip()]
        errors = [finding for finding in findings if finding is not None]
        if not errors and report.done.outcome.exit_code:
            raise ToolFailed(how_it_ended("mypy", report.done))
        yield from errors


def _finding(line: str) -> Finding | None:
    """One line of mypy's report; None for a note, which explains an error."""
    try:
        problem = json.loads(line)
        if problem["severity"] != "error":
            return None
        hint = f" ({problem['hint']})" if problem.get("hint") else ""
        return Finding(
            file=problem["file"],
            line=problem["line"] if problem["line"] > 0 else None,
            rule=problem["code"] or "mypy",
            message=problem["message"] + hint,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFailed(f"mypy reported something else: {line!r:.200}") from error
