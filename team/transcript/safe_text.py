"""Makes text that a model or its code wrote safe to print."""

from __future__ import annotations

from executors.output import harmless


def plain(text: str) -> str:
    """The text in which no character moves, hides or reorders another; lone surrogates become `?`."""
    return harmless(text.encode("utf-8", "replace"))


def one_line(text: str, width: int = 100) -> str:
    """The same as one line of at most `width` letters; a cut shows as `…`."""
    line = " ".join(plain(text[: width * 20]).split())
    return line if len(line) <= width else line[: width - 1] + "…"
