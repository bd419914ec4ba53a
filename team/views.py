"""What each role is shown: what its job needs, never the whole chat.

A view is built from the board and the tree alone, so the same state gives the same bytes. `narrow`
levels answer a model whose context is too small: 0 shows every file, 1 only those that findings
name and those that are pending, 2 none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prompts
from executors.blocks import FileBlock, read_message
from team.board import Board, Said
from team.focusing import focused
from team.specs.task import ProblemSpec, language_of
from team.steps import VERDICT_STEPS, Step
from team.triage import is_test_path

NARROWEST = 2
MAX_FILE_CHARACTERS = 60_000
"""A file longer than this is named, not shown."""

_COMMENT_STYLES = {
    ".js": "// {}",
    ".ts": "// {}",
    ".mjs": "// {}",
    ".cjs": "// {}",
    ".mts": "// {}",
    ".go": "// {}",
    ".rs": "// {}",
    ".java": "// {}",
    ".css": "/* {} */",
    ".sql": "-- {}",
    ".html": "<!-- {} -->",
    ".md": "<!-- {} -->",
    ".xml": "<!-- {} -->",
    ".ini": "; {}",
}
_TESTERS_VIEW = frozenset({Step.TESTS, Step.PLAN})
_BACKTICKS = re.compile(r"`{3,}")


@dataclass(frozen=True)
class ShownFile:
    """One file as a fenced block that the block reader would read back."""

    path: str
    content: str

    @property
    def language(self) -> str:
        """The info string of the fence."""
        return {".py": "python", ".md": "markdown", ".yaml": "yaml", ".yml": "yaml"}.get(
            Path(self.path).suffix, Path(self.path).suffix.lstrip(".")
        )

    @property
    def marker(self) -> str:
        """The comment that names the file."""
        return _COMMENT_STYLES.get(Path(self.path).suffix, "# {}").format(f"filename: {self.path}")

    @property
    def fence(self) -> str:
        """A fence longer than any inside the file."""
        return fence_for(self.content)


def fence_for(text: str) -> str:
    """A fence longer than any inside a text."""
    return "`" * max([3, *(len(run) + 1 for run in _BACKTICKS.findall(text))])


def view(
    board: Board,
    tree: Mapping[str, str],
    *,
    packages: tuple[str, ...],
    folder: Path | None = None,
    narrow: int = 0,
    remark: str = "",
) -> str:
    """The user message for the board's current step.

    Args:
        board: the session's state.
        tree: workspace path → text of the files as they are on disk.
        packages: what is installed in the sandbox beside the standard library.
        folder: prompts that win over ours.
        narrow: 0 to `NARROWEST`.
        remark: what a person said when the session was forked.
    """
    told = _context(board) | {"packages": packages, "remark": remark}
    told |= _focused(board, tree, narrow) if board.focused else _whole(board, tree, narrow)
    return prompts.render(f"turns/{board.step}.md.j2", folder, **told)


def _context(board: Board) -> dict[str, Any]:
    report = board.report
    verdict = board.verdict
    language = language_of(board.spec)
    return {
        "requirements": board.spec.requirements_text().strip(),
        "plan": board.plan.strip(),
        "include_tests": board.include_tests,
        "report": report.text if report and not report.green else "",
        "passed": [result.name for result in report.results if result.status == "pass"] if report else [],
        "review": verdict.findings if verdict and not verdict.approves else (),
        "fault_reason": board.fault_reason,
        "problem": board.spec.entry_point if isinstance(board.spec, ProblemSpec) else "",
        "solution": language.solution if language else "solution.py",
        "tried": board.tried,
    }


def _whole(board: Board, tree: Mapping[str, str], narrow: int) -> dict[str, Any]:
    shown, omitted = _files(board, tree, narrow)
    return {"files": shown, "omitted": omitted, "changes": ""}


def _focused(board: Board, tree: Mapping[str, str], narrow: int) -> dict[str, Any]:
    """The little that matters to what a draft left open."""
    shown = focused(board, tree, narrow)
    parts = {path: text for path, text in shown.files.items() if len(text) <= MAX_FILE_CHARACTERS}
    told = {
        "requirements": shown.requirements,
        "plan": board.plan.strip() if board.replans else "",
        "files": [ShownFile(path, text.rstrip("\n")) for path, text in parts.items()],
        "omitted": sorted(tree.keys() - parts.keys()) if board.step not in VERDICT_STEPS else [],
        "changes": shown.changes,
        "changes_fence": fence_for(shown.changes),
    }
    return told | ({"packages": ()} if board.step in VERDICT_STEPS else {})


def _files(board: Board, tree: Mapping[str, str], narrow: int) -> tuple[list[ShownFile], list[str]]:
    files = dict(tree) | pending_files(board.pending)
    if board.step in _TESTERS_VIEW and not board.reports:
        files = {path: text for path, text in files.items() if path in tree}
    named = {finding.file for finding in board.report.findings} if board.report else set()
    named |= {finding.file for finding in board.verdict.findings} if board.verdict else set()
    shown, omitted = [], []
    for path in sorted(files, key=lambda path: (is_test_path(path), path)):
        wanted = narrow == 0 or (narrow == 1 and path in named)
        if wanted and len(files[path]) <= MAX_FILE_CHARACTERS:
            shown.append(ShownFile(path, files[path].rstrip("\n")))
        else:
            omitted.append(path)
    return shown, omitted


def pending_files(pending: list[Said]) -> dict[str, str]:
    """The whole files in messages that the executor has not laid down yet."""
    blocks = [block for said in pending for block in read_message(said.content)]
    return {block.path: block.content for block in blocks if isinstance(block, FileBlock)}
