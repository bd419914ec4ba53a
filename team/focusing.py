"""What is shown while something is written that a draft left open: that, what changed, and little else.

The drafted files do what their spec says and are not written again, so their interfaces are enough where
nothing will have to change, and a reviewer needs the changes only.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from executors.blocks import EditBlock, FileBlock, read_message
from executors.hunks import HunkProblem, apply_hunks
from team.board import Board, Said
from team.excerpts import excerpt, interface, test_outline
from team.generators.focus import Focus, focus_of
from team.steps import Step
from team.triage import is_test_path

_CODE_STEPS = frozenset({Step.OPEN_CODE, Step.REPAIR_CODE})
_TEST_STEPS = frozenset({Step.OPEN_TESTS, Step.REPAIR_TESTS})
_CONTEXT = 4
"""Unchanged lines around a change."""


@dataclass(frozen=True)
class Shown:
    """Files, whole or in part, and a diff of what changed since the draft."""

    requirements: str
    files: Mapping[str, str]
    changes: str


def focused(board: Board, tree: Mapping[str, str], narrow: int) -> Shown:
    """What the current step is shown.

    Args:
        board: the session's state.
        tree: path → text of the files as they are on disk.
        narrow: 0 shows most; 1 only what changed or is named by findings, 2 only the changes.
    """
    focus = focus_of(board.spec)
    now = with_pending(tree, board.pending)
    changed = [path for path in sorted(now) if now[path] != board.draft.get(path)]
    files = _files(board, focus, now, changed, wide=narrow == 0) if narrow < 2 else {}
    told = [path for path in changed if path not in files]
    return Shown(_requirements(board, focus), files, changes(board.draft, now, told))


def with_pending(tree: Mapping[str, str], pending: Iterable[Said]) -> dict[str, str]:
    """The files as they will be once the messages that wait for the executor are laid down."""
    now = dict(tree)
    for said in pending:
        for block in read_message(said.content):
            if isinstance(block, FileBlock):
                now[block.path] = block.content
            elif isinstance(block, EditBlock):
                try:
                    now[block.path] = apply_hunks(now.get(block.path), block.hunks)
                except HunkProblem:
                    continue  # the executor tells its author
    return now


def changes(before: Mapping[str, str], now: Mapping[str, str], paths: Iterable[str]) -> str:
    """A unified diff of these files."""
    parts: list[str] = []
    for path in paths:
        old, new = before.get(path, "").splitlines(), now[path].splitlines()
        parts += difflib.unified_diff(old, new, path if old else "(new)", path, lineterm="", n=_CONTEXT)
    return "\n".join(parts)


def _requirements(board: Board, focus: Focus) -> str:
    rules = "\n".join(f"- {rule}" for rule in focus.rules)
    return (
        f"{board.spec.title}: drafted from a spec. The draft does all that the spec says and passes every"
        f" check. What it leaves open, and what this is about:\n\n{rules}"
    )


def _files(
    board: Board, focus: Focus, now: Mapping[str, str], changed: list[str], *, wide: bool
) -> dict[str, str]:
    named = {finding.file for finding in board.report.findings} if board.report else set()
    wanted = [path for path in now if path in named or path in changed]
    shown: dict[str, str] = {}
    if board.step in _CODE_STEPS:
        if wide:
            edit = [path for path in focus.edit if path in now] or _sources(now)
            shown |= {path: interface(now[path], focus.names_in(path)) for path in focus.read if path in now}
            shown |= {path: excerpt(now[path], focus.names_in(path)) for path in edit}
        shown |= {path: now[path] for path in wanted if not is_test_path(path)}
    elif board.step in _TEST_STEPS:
        if wide:
            outlines = {path: test_outline(now[path]) for path in focus.tests if path in now}
            shown |= {path: excerpt(text, focus.names) for path, text in outlines.items()}
        if board.step is Step.REPAIR_TESTS:
            shown |= {path: now[path] for path in wanted if is_test_path(path)}
    elif wide:
        shown |= {path: interface(now[path], focus.names) for path in focus.read[:1] if path in now}
    return dict(sorted(shown.items()))


def _sources(now: Mapping[str, str]) -> list[str]:
    return [path for path in now if path.endswith(".py") and not is_test_path(path)]
