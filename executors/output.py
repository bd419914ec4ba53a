"""What a program wrote: kept within bounds, and made harmless to terminals, logs and readers."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]P^_X][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)"  # OSC and its kin: titles, clipboard, links
    r"|\x1b[ -/]{0,4}[0-Z\\^-~]"  # short ones
)
"""Escape sequences of terminals (ECMA-48), of bounded length."""


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
        if len(self._tail) > 4 * self._tail_size:
            del self._tail[: -self._tail_size]

    def text(self) -> str:
        """What was kept, harmless, with a line that says how much was cut."""
        tail = self._tail[-self._tail_size :]
        cut = self.total - len(self._head) - len(tail)
        if not cut:
            return harmless(bytes(self._head + tail))
        return f"{harmless(bytes(self._head))}\n[… {cut} bytes cut …]\n{harmless(bytes(tail))}"


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
