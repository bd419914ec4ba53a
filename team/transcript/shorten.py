"""Messages for reading: their code blocks as one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from executors.blocks import EditBlock, FileBlock, read_message

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})(.*)")
_FEW = 3


@dataclass(frozen=True)
class BlockSpan:
    """A fenced block of a message, as lines: `lines[first:end]`, its fences included.

    Attributes:
        name: the path of the file or edit, else the info string.
        added: lines of code; for an edit, lines added.
        removed: lines that an edit takes away; None for what is no edit.
    """

    first: int
    end: int
    name: str
    added: int
    removed: int | None = None

    def __str__(self) -> str:
        removed = "" if self.removed is None else f" -{self.removed}"
        return f"{self.name} +{self.added}{removed}"


def shorten_blocks(text: str) -> str:
    """The message with each fenced block as one line: its path or language, lines added, lines removed.

    Blocks of up to three lines that name no file stay as they are.
    """
    lines, shown, at = text.split("\n"), [], 0
    for span in block_spans(text):
        shown += [*lines[at : span.first], f"  {span}"]
        at = span.end
    return "\n".join(shown + lines[at:])


def block_spans(text: str) -> Iterator[BlockSpan]:
    """The blocks that are worth a line of their own: files, edits, and others of more than three lines."""
    lines = text.split("\n")
    at, above = 0, ""
    while at < len(lines):
        opening = _FENCE.fullmatch(lines[at])
        if opening is None:
            above = lines[at]
            at += 1
            continue
        end = min(_end(lines, at, opening[1]), len(lines))
        size = end - at - 1
        named = _named("\n".join([above, *lines[at : end + 1]]))
        if named is not None:
            yield BlockSpan(at, end + 1, *named)
        elif size > _FEW:
            yield BlockSpan(at, end + 1, opening[2].strip() or "text", size)
        at, above = end + 1, ""


def _end(lines: list[str], start: int, run: str) -> int:
    for at in range(start + 1, len(lines)):
        line = lines[at].strip()
        if line.startswith(run) and not line.strip(run[0]):
            return at
    return len(lines)


def _named(block: str) -> tuple[str, int, int | None] | None:
    """Path, lines added and lines removed of the file or edit in a message of one block; None for none."""
    for read in read_message(block):
        if isinstance(read, FileBlock):
            return read.path, len(read.content.splitlines()), None
        if isinstance(read, EditBlock):
            added = sum(len(hunk.replace.splitlines()) for hunk in read.hunks)
            removed = sum(len(hunk.search.splitlines()) for hunk in read.hunks)
            return read.path, added, removed
    return None
