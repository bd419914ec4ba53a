"""Messages for reading: their code blocks as one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from executors.blocks import EditBlock, FileBlock, read_message

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})(.*)")
_FEW = 3


def shorten_blocks(text: str) -> str:
    """The message with each fenced block as one line: its path or language, lines added, lines removed.

    Blocks of up to three lines that name no file stay as they are.
    """
    return "\n".join(_shortened(text.split("\n")))


def _shortened(lines: list[str]) -> Iterator[str]:
    at, above = 0, ""
    while at < len(lines):
        opening = _FENCE.fullmatch(lines[at])
        if opening is None:
            above = lines[at]
            yield lines[at]
            at += 1
            continue
        end = _end(lines, at, opening[1])
        named = _named("\n".join([above, *lines[at : end + 1]]))
        size = min(end, len(lines)) - at - 1
        if named is not None:
            yield f"  {named}"
        elif size <= _FEW:
            yield from lines[at : end + 1]
        else:
            yield f"  {opening[2].strip() or 'text'} +{size}"
        at, above = end + 1, ""


def _end(lines: list[str], start: int, run: str) -> int:
    for at in range(start + 1, len(lines)):
        line = lines[at].strip()
        if line.startswith(run) and not line.strip(run[0]):
            return at
    return len(lines)


def _named(block: str) -> str | None:
    """Path and size of the file or edit in a message of one block; None when it is none."""
    for read in read_message(block):
        if isinstance(read, FileBlock):
            return f"{read.path} +{len(read.content.splitlines())}"
        if isinstance(read, EditBlock):
            added = sum(len(hunk.replace.splitlines()) for hunk in read.hunks)
            removed = sum(len(hunk.search.splitlines()) for hunk in read.hunks)
            return f"{read.path} +{added} -{removed}"
    return None
