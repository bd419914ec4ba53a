"""Laying blocks down in a workspace: what could be written is, the rest is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from executors.blocks import BadBlock, Block, CommandBlock, EditBlock, FileBlock
from executors.folder import LARGEST_FILE, Folder, InTheWay
from executors.hunks import HunkProblem, apply_hunks
from executors.paths import LONGEST_PATH, UnsafePath, escaped, safe_path


@dataclass(frozen=True)
class Refusal:
    """A block that was not laid down, for its author to mend.

    `rule` tells the kind: ``path`` (it may not be written there), ``edit`` (a hunk does not apply),
    ``owner`` (the file belongs to another role), ``block`` (the block itself is not usable).
    """

    path: str | None
    rule: Literal["path", "edit", "owner", "block"]
    message: str


@dataclass(frozen=True)
class Laid:
    """What came of laying down: paths whose content is now different (sorted), and what was refused."""

    changed: tuple[str, ...]
    refused: tuple[Refusal, ...]


class _Refused(Exception):
    def __init__(self, rule: Literal["path", "edit", "owner", "block"], message: str) -> None:
        super().__init__(message)
        self.rule: Literal["path", "edit", "owner", "block"] = rule


def always(path: str) -> bool:
    """Let every path be written."""
    return True


def lay_down(root: Path, blocks: Iterable[Block], *, may_write: Callable[[str], bool] = always) -> Laid:
    """Write files and apply edits below `root`, in order. Commands are passed over.

    Each block is laid down whole or not at all, whatever becomes of the others. Nothing outside `root`
    is read or written. `may_write` is asked with the normalised path.

    Raises:
        OSError: `root` is no folder, or the disk is full or fails. No block's content can cause it.
    """
    changed: set[str] = set()
    refused: list[Refusal] = []
    with Folder(root) as folder:
        for block in blocks:
            if isinstance(block, CommandBlock):
                continue
            try:
                path, is_new = _lay(folder, block, may_write)
            except _Refused as refusal:
                shown = block.path and escaped(block.path)[:LONGEST_PATH]
                refused.append(Refusal(shown, refusal.rule, str(refusal)))
                continue
            if is_new:
                changed.add(path)
    return Laid(tuple(sorted(changed)), tuple(refused))


def read_text(root: Path, path: str) -> str | None:
    """Return the text of a workspace file, without following links and without waiting on FIFOs.

    None when there is no such plain file below `root`, it is over 2 MB, or a hard link. Bytes that are
    not UTF-8 become U+FFFD.

    Raises:
        OSError: `root` is no folder, or the disk fails.
    """
    try:
        with Folder(root) as folder:
            content = folder.read(safe_path(path))
    except (UnsafePath, InTheWay):
        return None
    return None if content is None else content.decode("utf-8", errors="replace")


def _lay(
    folder: Folder, block: BadBlock | EditBlock | FileBlock, may_write: Callable[[str], bool]
) -> tuple[str, bool]:
    """Lay down one block; return its path and whether anything changed."""
    if isinstance(block, BadBlock):
        raise _Refused("block", block.problem)
    try:
        path = safe_path(block.path)
        if not may_write(path):
            raise _Refused("owner", f"{path} is not yours to write")
        content = block.content if isinstance(block, FileBlock) else _edited(folder, path, block)
        return path, _written(folder, path, content)
    except (UnsafePath, InTheWay) as problem:
        raise _Refused("path", str(problem)) from problem
    except HunkProblem as problem:
        raise _Refused("edit", str(problem)) from problem


def _edited(folder: Folder, path: str, block: EditBlock) -> str:
    content = folder.read(path)
    try:
        text = None if content is None else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HunkProblem("the file is not UTF-8 text: give the whole file") from error
    return apply_hunks(text, block.hunks)


def _written(folder: Folder, path: str, text: str) -> bool:
    """Write a text unless the file has it already; return whether it was written."""
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _Refused("block", "the content is not valid Unicode text") from error
    if len(content) > LARGEST_FILE:
        raise _Refused("block", f"the file has {len(content):,} bytes, {LARGEST_FILE:,} are allowed")
    if _has(folder, path, content):
        return False
    folder.write(path, content, executable=content.startswith(b"#!"))
    return True


def _has(folder: Folder, path: str, content: bytes) -> bool:
    try:
        return folder.read(path) == content
    except InTheWay:
        return False  # whether it may be replaced is for the writing to say
