"""Styled lines, and the colours that statuses have wherever they are printed."""

from __future__ import annotations

from typing import NamedTuple

MARKS = {"pass": "✓", "fail": "✗", "error": "!", "skip": "·"}
COLOURS = {
    **{"pass": "green", "fail": "red", "error": "red", "skip": "dim"},
    **{"accepted": "green", "rejected": "red", "stopped": "yellow", "failed": "red", "running": "cyan"},
}


class Line(NamedTuple):
    """One line of a page and the name of its style; the text can be printed as it is."""

    text: str
    style: str = ""
