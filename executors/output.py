"""What a program wrote: kept within bounds, and made harmless to terminals, logs and readers."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]P^_X][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"  # OSC and its kin: titles, clipboard, links
    r"|\x1b[ -/]{0,4}[0-Z\\^-~]"  # short ones
)
"""Escape sequences of terminals (ECMA-48), of bounded length."""
_ESCAPE_BYTES = re.compile(_ESCAPES.pattern.encode("latin-1"))
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|[\]P^_X][^\x07\x1b\x9c]{0,4096}\x1b?|[ -/]{0,4})?")
_LONGEST_ESCAPE = 4200


class Capture:
    """Keeps the head and the tail of a stream of bytes; the middle is only counted."""

    def __init__(self, keep: int) -> None:
        self._head_size = keep // 2
        self._tail_size = keep - self._head_size
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self.total += len(data)
        room = self._head_size - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 4 * self._tail_size + _LONGEST_ESCAPE:
            del self._tail[: -(self._tail_size + _LONGEST_ESCAPE)]

    def text(self) -> str:
        """What was kept, harmless, with a line that says how much was cut."""
        start = len(self._tail) - self._tail_size
        if start <= 0:
            return harmless(bytes(self._head + self._tail))
        head = self._head[: _whole_until(self._head)]
        tail = self._tail[_whole_from(self._tail, start) :]
        cut = self.total - len(head) - len(tail)
        return f"{harmless(bytes(head))}\n[… {cut} bytes cut …]\n{harmless(bytes(tail))}"


def _whole_until(head: bytearray) -> int:
    """Where the last character or escape sequence that was cut in two begins; else the end."""
    last = head.rfind(b"\x1b", max(0, len(head) - _LONGEST_ESCAPE))
    before = head.rfind(b"\x1b", max(0, len(head) - _LONGEST_ESCAPE), max(0, last))
    for escape in (before, last):  # two of them, as a long sequence ends with an escape of its own
        if escape >= 0 and _UNFINISHED.fullmatch(head, escape):
            return escape
    for back in range(1, min(4, len(head) + 1)):
        byte = head[-back]
        if byte >= 0xC0:  # begins a character, of two to four bytes
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(head) - back if needed > back else len(head)
        if byte < 0x80:
            break
    return len(head)


def _whole_from(tail: bytearray, start: int) -> int:
    """Where, from `start` on, the first whole character or escape sequence begins."""
    escape = tail.rfind(b"\x1b", max(0, start - _LONGEST_ESCAPE), start)
    found = _ESCAPE_BYTES.match(tail, escape) if escape >= 0 else None
    if found is not None and found.end() > start:
        return found.end()
    for _ in range(3):
        if start < len(tail) and 0x80 <= tail[start] < 0xC0:
            start += 1
    return start


def harmless(data: bytes) -> str:
    """Bytes as text in which no character moves, hides or reorders another.

    Invalid UTF-8 becomes U+FFFD, escape sequences are taken out, line ends become newlines, and what
    is left of control, direction and invisible characters is written as an escape such as ``\\x1b``.
    """
    text = data.decode("utf-8", "replace")
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character.isprintable() or character in "\n\t\xa0":
        return character
    return character.encode("unicode_escape").decode("ascii")
