"""Values as text, so that rows can be compared however a destination stores them."""

from __future__ import annotations

from typing import Any


def text_of(value: Any) -> str:
    """A value as text that does not depend on how it is stored: as a number, a time or their text."""
    if value is None:
        return ""
    if str(value) in ("True", "False", "true", "false"):
        return str(int(str(value).lower() == "true"))
    try:
        return f"{float(str(value)):.6g}"
    except ValueError:
        return _time(str(value))


def _time(text: str) -> str:
    """The text of a time without what says nothing: a midnight, no fraction of a second."""
    if len(text) < 10 or text[4:5] != "-" or text[7:8] != "-":
        return text
    text = text.replace("T", " ", 1).removesuffix("Z").removesuffix("+00:00").removesuffix(".000000")
    return text.removesuffix(" 00:00:00")
