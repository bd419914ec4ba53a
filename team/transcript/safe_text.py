"""Makes hostile text safe to print: no terminal sequences, control characters or direction overrides."""

from __future__ import annotations

import re

_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: title, clipboard, hyperlink
    r"|\x1b[PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029\x85]")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")


def plain(text: str) -> str:
    """The text without ANSI and OSC sequences, control characters and bidirectional overrides.

    Newlines and tabs stay, other line ends become newlines; lone surrogates become U+FFFD.
    """
    text = _LINE_ENDS.sub("\n", _SEQUENCES.sub("", text))
    return _SURROGATES.sub("\ufffd", _FORBIDDEN.sub("", text))


def one_line(text: str, width: int = 100) -> str:
    """The same as one line of at most `width` letters; a cut shows as `…`."""
    line = " ".join(plain(text[: width * 20]).split())
    return line if len(line) <= width else line[: width - 1] + "…"
