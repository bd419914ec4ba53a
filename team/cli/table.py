"""Plain aligned tables: rich's cost 30 ms to import, a tenth of the time that a listing may take."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Sequence

CODES = {"green": "32", "red": "31", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}


def colours_wanted() -> bool:
    """Whether stdout is a terminal that shows colours and `NO_COLOR` is not set, or `FORCE_COLOR` is."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def painted(text: str, style: str) -> str:
    """The text in a style such as `bold red`, where colours are wanted."""
    codes = ";".join(CODES[word] for word in style.split() if word in CODES)
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and colours_wanted() else text


def aligned(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
) -> list[list[str]]:
    """The cells of header and rows padded to the widths of their columns; those in `right` to the right."""
    table = [list(header), *(list(row) for row in rows)]
    widths = [max(_width(row[column]) for row in table) for column in range(len(header))]
    return [
        [
            _padded(cell, 0 if column == len(header) - 1 and column not in right else width, column in right)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in table
    ]


def _padded(cell: str, width: int, right: bool) -> str:
    gap = " " * max(0, width - _width(cell))
    return gap + cell if right else cell + gap


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
