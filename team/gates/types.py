"""The types gate: mypy, strict on sources and not on tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from executors.cache import cache_dir
from team.gates.base import Finding, Target, ToolFailed
from team.gates.pinned import MYPY_ARGUMENTS, mypy_configuration
from team.gates.static import StaticGate
from team.gates.tools import CACHE, how_it_ended, run_tool


class TypesGate(StaticGate):
    """Judges by mypy, against the packages of the sandbox's interpreter."""

    name = "types"
    kinds = frozenset({"type-ignore", "mypy", "no-type-check"})

    def look(self, target: Target) -> Iterator[Finding]:
        """What mypy says of all files."""
        interpreter = target.sandbox.interpreter
        arguments = [
            "mypy",
            *MYPY_ARGUMENTS,
            f"--python-executable={interpreter.executable}",
            f"--cache-dir={CACHE}",
        ]
        report = run_tool(
            target,
            self._evidence.tree,
            [*arguments, "--", *target.sources, *target.tests],
            stdin=mypy_configuration(target.tests).encode(),
            cache=mypy_cache(interpreter.executable),
            readable=interpreter.prefixes,
            endings=(0, 1, 2),
        )
        findings = [_finding(line) for line in report.text.splitlines() if line.strip()]
        errors = [finding for finding in findings if finding is not None]
        if not errors and report.done.outcome.exit_code:
            raise ToolFailed(how_it_ended("mypy", report.done))
        yield from errors


def mypy_cache(executable: Path) -> Path:
    """The folder with what mypy knows of an environment's packages: a cold run takes many seconds."""
    key = hashlib.sha256(f"{version('mypy')}\0{executable}".encode()).hexdigest()[:16]
    folder = cache_dir() / "mypy" / key
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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
