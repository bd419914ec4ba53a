"""What our reader of Python files says of each file, without running any of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from team.gates.base import Target, ToolFailed
from team.gates.tools import how_it_ended, run_program


class Suppression(BaseModel):
    """A comment or decorator that asks a tool to look away."""

    model_config = ConfigDict(frozen=True)

    line: int
    kind: str
    detail: str


class SyntaxTrouble(BaseModel):
    """Why a file is not taken for Python."""

    model_config = ConfigDict(frozen=True)

    line: int | None
    message: str


class FileFacts(BaseModel):
    """One file as our reader saw it; with an `error` nothing else is known of it."""

    model_config = ConfigDict(frozen=True)

    error: SyntaxTrouble | None = None
    statements: frozenset[int] = frozenset()
    first_lines: dict[int, int] = {}
    tests: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    imported: tuple[tuple[int, str, Literal["always", "optional", "typing"]], ...] = ()
    suppressions: tuple[Suppression, ...] = ()

    def executed(self, lines: Iterable[int]) -> frozenset[int]:
        """The executable lines among those that ran; a statement counts by its first line."""
        return self.statements & {self.first_lines.get(line, line) for line in lines}


def read_tree(target: Target, tree: Path) -> dict[str, FileFacts]:
    """Read every Python file of a copied tree in a bounded process; a file that ends it is named.

    Raises:
        ToolFailed: the reader could not start.
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    facts: dict[str, FileFacts] = {}
    left = [*target.sources, *target.tests]
    while left:
        facts.update(_read(target, tree, left))
        left = [path for path in left if path not in facts]
    return facts


def _read(target: Target, tree: Path, paths: Sequence[str]) -> dict[str, FileFacts]:
    """The facts of the files in order, up to and with the one that ended the reader."""
    stdin = json.dumps({"files": list(paths)}).encode()
    done = run_program(target, tree, "read_files", stdin)
    begun: str | None = None
    facts: dict[str, FileFacts] = {}
    for line in done.report.decode("utf-8", "replace").splitlines():
        fact = _parsed(line)
        begun = fact.get("reading", begun)
        if "file" in fact:
            facts[fact["file"]] = _facts(fact)
            begun = None
    if begun is not None:
        cause = f"the {done.outcome.limit} limit" if done.outcome.limit else "a crash of the parser"
        facts[begun] = FileFacts(error=SyntaxTrouble(line=None, message=f"reading it was ended by {cause}"))
    elif done.outcome.exit_code or not facts:
        raise ToolFailed(how_it_ended("our reader of Python files", done))
    return facts


def _parsed(line: str) -> dict[str, Any]:
    """One line of the report; a torn last line counts as nothing."""
    try:
        fact = json.loads(line)
    except ValueError:
        return {}
    return fact if isinstance(fact, dict) else {}


def _facts(fact: dict[str, Any]) -> FileFacts:
    found = [dict(zip(("line", "kind", "detail"), row, strict=True)) for row in fact.get("suppressions", ())]
    try:
        return FileFacts.model_validate({**fact, "suppressions": found})
    except ValidationError as error:
        raise ToolFailed(f"our reader of Python files reported something else: {error}") from error
