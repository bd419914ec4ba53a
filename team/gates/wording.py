"""Text from tools and tests as others may read it: harmless, the same each time, and to the point.

What is told to a model must hold no address, no temporary path and no time, so that the same state
gives the same bytes; and nothing that moves a cursor or reorders letters.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_TEMPORARY = re.compile(r"/(?:var/)?tmp/[^\s'\",:;)\]}>]*")
_INSTALLED = re.compile(r"\S*/(?:site-packages|lib/python3[.\d]*)/")
_RANDOM_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
_CLOCK = r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_ENTRY = re.compile(r"(?P<file>\S[^:]*):\d+: ")
_MARKERS = re.compile(r"[\s^~]+")

LONGEST_LINE = 300


def harmless(text: str) -> str:
    """Text without escape sequences, control characters and reordering marks; line ends are kept."""
    plain = _ESCAPES.sub("", text)
    return "".join(letter for letter in plain if letter in "\n\t" or not _controls(letter))


def steady(text: str) -> str:
    """Text without what changes from run to run though nothing else changed.

    Random identifiers are numbered, so that one can still see which are the same.
    """
    text = _ADDRESS.sub("0x…", text)
    text = _INSTALLED.sub("", text)
    text = _TEMPORARY.sub("<tmp>", text)
    numbers: dict[str, int] = {}
    text = _RANDOM_ID.sub(lambda found: f"<uuid {numbers.setdefault(found[0], len(numbers) + 1)}>", text)
    return _without_now(text)


def _without_now(text: str) -> str:
    """Text without moments of today, which programs read from the clock; others are somebody's data."""
    now = datetime.now(UTC)
    for day in (now, now - timedelta(days=1)):
        text = re.sub(rf"\b{day:%Y-%m-%d}{_CLOCK}", "<now>", text)
        for kind in ("datetime", "date"):
            written = rf"datetime\.{kind}\({day.year}, {day.month}, {day.day}[^()]*(?:\([^()]*\))?\)"
            text = re.sub(written, f"<{kind} now>", text)
    return text


def told(text: str, root: str = "") -> str:
    """Both, with paths below `root` made relative and long lines cut."""
    if root:
        text = text.replace(root.rstrip("/") + "/", "").replace(root.rstrip("/"), ".")
    return "\n".join(line[:LONGEST_LINE] for line in steady(harmless(text)).splitlines())


def relevant(text: str, most: int = 25) -> str:
    """A failure text of pytest without the steps inside of installed packages, from its end.

    Args:
        text: short tracebacks, as ``--tb=short`` writes them, with paths as they were written.
        most: lines to keep; the assertion stands at the end.
    """
    kept, keeping = [], True
    for line in text.splitlines():
        entry = _ENTRY.match(line)
        if entry:
            keeping = not entry["file"].startswith(("/", "..", "<"))
        if not _MARKERS.fullmatch(line) and (keeping or line.startswith("E ")):
            kept.append(line.rstrip())
    return "\n".join(kept[-most:])


def _controls(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
