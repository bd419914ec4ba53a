"""Messages for reading: their code blocks as one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from executors.naming import name_block

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
            above = lines[at] or above
            yield lines[at]
            at += 1
            continue
        end = _end(lines, at, opening[1])
        body = tuple(lines[at + 1 : end])
        path = name_block(opening[2].strip(), body, above, adjacent=at > 0 and bool(lines[at - 1])).path
        if path is None and len(body) <= _FEW:
            yield from lines[at : end + 1]
        else:
            yield f"  {path or opening[2].strip() or 'text'} {_size(body)}"
        at = end + 1


def _end(lines: list[str], start: int, run: str) -> int:
    for at in range(start + 1, len(lines)):
        line = lines[at].strip()
        if line.startswith(run) and not line.strip(run[0]):
            return at
    return len(lines)


def _size(body: tuple[str, ...]) -> str:
    if not any(line.startswith("<<<<<<<") for line in body):
        return f"+{sum(1 for line in body if line.strip())}"
    added = removed = 0
    side = ""
    for line in body:
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            side = line[0]
        elif side == "<":
            removed += 1
        elif side == "=":
            added += 1
    return f"+{added} -{removed}"
