"""A chat message → its fenced blocks, as they stand.

A line scanner of our own: a Markdown library ends a fence at the first inner one, takes no fence that
is indented by four columns outside a list, and needs up to 20 s for 2 MB made to hurt. This one reads
every line once, twice at most. That it agrees with CommonMark on ordinary messages is tested.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from executors.naming import is_list_item, names_a_file

_LEAD = r"(?P<lead>[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)"
_FENCE = re.compile(_LEAD + r"(?P<run>`{3,}|~{3,})(?P<info>.*)", re.DOTALL)
_THOUGHT_OPENS = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)
_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)


@dataclass(frozen=True)
class Fence:
    """One fenced block: its info string, its lines, and the line above that may be its title."""

    info: str
    lines: tuple[str, ...]
    title: str = ""


class _Mark(NamedTuple):
    """A line that opens or closes a fence."""

    indent: int
    char: str
    length: int
    info: str
    bare: bool  # nothing but the run of backticks or tildes: may close

    def closes(self, opening: _Mark) -> bool:
        same = self.char == opening.char and self.length >= opening.length
        return self.bare and same and self.indent < opening.indent + 4


def read_fences(text: str) -> Iterator[Fence]:
    """Yield the fenced blocks of a message in order, without those inside ``<think>…</think>``.

    An unclosed last fence reaches to the end of the message. Never raises; linear in the length.
    """
    lines, marks = _without_thoughts(text)
    ends = _Ends(lines, marks)
    at = since = 0
    while at < len(lines):
        opening = marks[at]
        if opening is None:
            at += 1
            continue
        end, following = ends.of(at, opening)
        body = tuple(_dedented(line, opening.indent) for line in lines[at + 1 : end])
        yield Fence(opening.info, body, _title(lines[since:at]))
        at = since = following


def _title(before: list[str]) -> str:
    """Return the last written line; nothing when it is the end of a list, with a blank line after it."""
    adjacent = bool(before and before[-1].strip())
    written = [line for line in before if line.strip()][-2:]
    if not adjacent and len(written) == 2 and all(is_list_item(line) for line in written):
        return ""
    return written[-1] if written else ""


class _Ends:
    """Finds where fences end: by balancing inner fences as long as that comes out, else at the first chance.

    Balancing stops for good once it has run off the end of the message, which keeps the reading linear.
    """

    def __init__(self, lines: list[str], marks: list[_Mark | None]) -> None:
        self._lines = lines
        self._marks = marks
        self._balancing = True

    def of(self, at: int, opening: _Mark) -> tuple[int, int]:
        """Return the end of the body of the fence opened at `at`, and the line to go on from."""
        if self._balancing:
            end, swallowed = self._balanced(at, opening)
            if end < len(self._lines):
                return end, end + 1
            self._balancing = False
            if not swallowed:
                return self._without_blank_tail(at), len(self._lines)
        return self._first(at, opening)

    def _balanced(self, at: int, opening: _Mark) -> tuple[int, bool]:
        """Return the closing line, counting inner fences, and whether one of those named a file."""
        inner: _Mark | None = None
        swallowed = False
        for number in range(at + 1, len(self._lines)):
            mark = self._marks[number]
            if mark is None:
                continue
            if inner is not None:
                inner = None if mark.closes(inner) else inner
            elif mark.closes(opening):
                return number, swallowed
            elif mark.indent < opening.indent + 4 and (not mark.bare or mark.char != opening.char):
                inner = mark
                swallowed = swallowed or self._names_a_file(number, mark)
        return len(self._lines), swallowed

    def _first(self, at: int, opening: _Mark) -> tuple[int, int]:
        """End at the first closing line, or before a fence that names a file of its own."""
        for number in range(at + 1, len(self._lines)):
            mark = self._marks[number]
            if mark is None:
                continue
            if mark.closes(opening):
                return number, number + 1
            if not mark.bare and self._names_a_file(number, mark):
                return number, number
        return self._without_blank_tail(at), len(self._lines)

    def _names_a_file(self, number: int, mark: _Mark) -> bool:
        following = self._lines[number + 1] if number + 1 < len(self._lines) else ""
        return names_a_file(mark.info, following)

    def _without_blank_tail(self, at: int) -> int:
        end = len(self._lines)
        while end > at + 1 and not self._lines[end - 1].strip():
            end -= 1
        return end


def _mark(line: str) -> _Mark | None:
    found = _FENCE.match(line)
    if found is None:
        return None
    lead, run, info = found.groups()
    if run[0] == "`" and "`" in info:
        return None  # inline code such as ```x```
    info = info.strip()
    return _Mark(len(lead.expandtabs(4)), run[0], len(run), info, not info and not lead.strip())


def _dedented(line: str, columns: int) -> str:
    """Take away at most as much leading white space as the fence itself had."""
    taken = width = 0
    while width < columns and taken < len(line) and line[taken] in " \t":
        width += 4 - width % 4 if line[taken] == "\t" else 1
        taken += 1
    return line[taken:]


def _without_thoughts(text: str) -> tuple[list[str], list[_Mark | None]]:
    """Split into lines (LF, CRLF or CR), each with its mark, without what a model wrote to itself first.

    A thought opens at the start of a line outside fences. A closing tag without an opening one ends a
    thought that began with the message, as servers that swallow the opening tag hand it on.
    """
    lines: list[str] = []
    marks: list[_Mark | None] = []
    known: dict[str, _Mark | None] = {}  # few lines differ where there are very many fences
    thinking = False
    fence: _Mark | None = None
    for whole in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = whole
        if fence is None and not thinking and (opened := _THOUGHT_OPENS.match(line)):
            thinking, line = True, line[opened.end() :]
        if thinking:
            ended = _THOUGHT_ENDS.search(line)
            if ended is None:
                continue
            thinking, line = False, line[ended.end() :]
        elif fence is None and "</" in line and (lone := _lone_end(line)) is not None:
            lines, marks, line = [], [], lone
        mark = None
        if "```" in line or "~~~" in line:
            mark = known[line] if line in known else known.setdefault(line, _mark(line))
        lines.append(line)
        marks.append(mark)
        if fence is None:
            fence = mark
        elif mark is not None and mark.closes(fence):
            fence = None
    return lines, marks


def _lone_end(line: str) -> str | None:
    """Return what follows a closing tag that starts or ends the line, None when there is no such tag."""
    stripped = line.strip()
    ended = _THOUGHT_ENDS.search(stripped)
    if ended is None or (ended.start() > 0 and ended.end() < len(stripped)):
        return None
    return stripped[ended.end() :]
