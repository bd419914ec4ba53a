"""Answers without a model: what the templates of a drafter write, in the form in which a model answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Protocol

from team.models.base import Answer, Drafts, Request


class Drafter(Protocol):
    """Writes a whole module from a structured spec."""

    def plan(self) -> str:
        """What will be built, in prose."""
        ...

    def tests(self) -> Mapping[str, str]:
        """Test files: workspace path, POSIX → text."""
        ...

    def code(self) -> Mapping[str, str]:
        """All other files: workspace path, POSIX → text."""
        ...

    def review(self, tree: Mapping[str, str]) -> list[str]:
        """What is wrong with a tree (workspace path → text); empty when nothing is."""
        ...


class DraftSource:
    """Answers every step of the workflow from a drafter: no key, no network, no model call."""

    name = "draft"
    drafts: Drafts = "all"

    def __init__(self, drafter: Drafter, tree: Callable[[], Mapping[str, str]]) -> None:
        """Answer from `drafter`; `tree` gives the current files for the reviews."""
        self._drafter = drafter
        self._tree = tree
        self._steps: Mapping[str, Callable[[], str]] = {
            "plan": drafter.plan,
            "replan": drafter.plan,
            "tests": self._tests,
            "repair_tests": self._tests,
            "code": self._code,
            "repair_code": self._code,
            "fault": _fault,
            "review": self._verdict,
            "sign_off": self._verdict,
        }

    def answer(self, request: Request) -> Answer:
        """The draft of one step; always the same for the same spec and tree.

        Raises:
            ValueError: no drafter can answer that step.
        """
        if request.step not in self._steps:
            raise ValueError(f"a draft has no answer for the step {request.step!r}")
        return Answer(content=self._steps[request.step](), model=self.name, cost_usd=0.0, calls=0)

    def _tests(self) -> str:
        return render_files(self._drafter.tests())

    def _code(self) -> str:
        return render_files(self._drafter.code())

    def _verdict(self) -> str:
        problems = self._drafter.review(self._tree())
        findings = [
            {"file": None, "line": None, "severity": "major", "problem": problem, "fix": ""}
            for problem in problems
        ]
        return _json({"verdict": "revise" if problems else "approve", "findings": findings})


def _fault() -> str:
    # Nobody reads here, so somebody must be named; the tests say what the spec says.
    return _json({"fault": "code", "reason": "the drafted tests follow from the spec"})


def _json(value: object) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"


_LANGUAGES = {
    ".py": "python",
    ".md": "markdown",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".ini": "ini",
    ".sql": "sql",
    ".html": "html",
    ".js": "javascript",
    ".ts": "typescript",
    ".json": "json",
}
_COMMENTS = {
    ".md": ("<!-- ", " -->"),
    ".html": ("<!-- ", " -->"),
    ".sql": ("-- ", ""),
    ".js": ("// ", ""),
    ".ts": ("// ", ""),
    ".json": ("// ", ""),
}
_FENCE = re.compile(r"`{3,}")


def render_files(files: Mapping[str, str]) -> str:
    """Files as an answer: one fenced block each, its first line a comment with the path."""
    return "\n".join(_block(path, text) for path, text in files.items())


def _block(path: str, text: str) -> str:
    suffix = PurePosixPath(path).suffix
    before, after = _COMMENTS.get(suffix, ("# ", ""))
    fence = "`" * max(3, 1 + max((len(run) for run in _FENCE.findall(text)), default=0))
    body = text if text.endswith("\n") or not text else text + "\n"
    return f"{fence}{_LANGUAGES.get(suffix, 'text')}\n{before}filename: {path}{after}\n{body}{fence}\n"
