"""SEARCH/REPLACE hunks: reading them, and applying them to a text."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from executors.paths import escaped

_SEARCH = re.compile(r"<{5,9} ?SEARCH\s*")
_DIVIDER = re.compile(r"={7}\s*")
_REPLACE = re.compile(r">{5,9} ?REPLACE\s*")

_MOST_PLACES = 200  # candidates looked at when only the indentation differs
_MOST_COMPARED = 20_000  # lines of the file that are looked through for the nearest
_MOST_SHOWN = 30  # lines of the file shown for a hunk that does not apply
_WIDEST_SHOWN = 160  # characters of each


@dataclass(frozen=True)
class Hunk:
    """Lines to find and lines to put in their place, each with its newline; the last one may lack it."""

    search: str
    replace: str


class HunkProblem(ValueError):
    """Hunks that cannot be read or do not apply; says so in words for their author."""


def starts_hunk(line: str) -> bool:
    """Whether a line opens a hunk."""
    return _SEARCH.fullmatch(line) is not None


def read_hunks(lines: Iterable[str]) -> tuple[Hunk, ...]:
    """Read the hunks of a block.

    Raises:
        HunkProblem: a marker is missing or doubled, or there is text outside the hunks.
    """
    hunks: list[Hunk] = []
    search: list[str] | None = None
    replace: list[str] | None = None
    for line in lines:
        if starts_hunk(line):
            if search is not None:
                raise HunkProblem(f"hunk {len(hunks) + 1} has no '>>>>>>> REPLACE' line")
            search = []
        elif search is None:
            _check_between(line)
        elif _DIVIDER.fullmatch(line):
            if replace is not None:
                raise HunkProblem(
                    f"hunk {len(hunks) + 1} has two '=======' lines; write the whole file instead"
                )
            replace = []
        elif _REPLACE.fullmatch(line):
            if replace is None:
                raise HunkProblem(f"hunk {len(hunks) + 1} has no '=======' line")
            hunks.append(Hunk(_text(search), _text(replace)))
            search = replace = None
        else:
            (search if replace is None else replace).append(line)
    if search is not None:
        raise HunkProblem(f"hunk {len(hunks) + 1} has no '>>>>>>> REPLACE' line")
    return tuple(hunks)


def _check_between(line: str) -> None:
    text = line.strip()
    if text and not text.startswith(("#", "//", "...", "--", "<!--")):
        raise HunkProblem(
            f"there is text outside the SEARCH/REPLACE hunks ({text[:60]!r}): "
            "give either hunks alone or the whole file without markers"
        )


def apply_hunks(text: str | None, hunks: Sequence[Hunk]) -> str:
    """Apply hunks one after the other; `text` is None when there is no such file yet.

    Each must match exactly one place: exactly, else but for white space at line ends, else but for
    one and the same change of indentation, which the replacement then undergoes too.

    Raises:
        HunkProblem: a hunk matches no place or several. The message shows the nearest lines.
    """
    for number, hunk in enumerate(hunks, start=1):
        which = f"hunk {number} of {len(hunks)}" if len(hunks) > 1 else "the hunk"
        text = _apply(text, hunk, which)
    return text or ""


def _apply(text: str | None, hunk: Hunk, which: str) -> str:
    if not hunk.search:
        if text:
            raise HunkProblem(
                f"{which} has an empty SEARCH, but the file is not empty: give the lines to replace"
            )
        return _text(_lines(hunk.replace))
    if text is None:
        raise HunkProblem("there is no such file: give it whole, or as one hunk with an empty SEARCH")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _lines(text.replace("\r\n", "\n"))
    search, replace = _lines(hunk.search), _lines(hunk.replace)
    for exactness in (str, str.rstrip):
        places = _places([exactness(line) for line in lines], [exactness(line) for line in search], 2)
        if places:
            start = _only(places, which)
            break
    else:
        start, replace = _shifted(lines, search, replace, which)
    result = [*lines[:start], *replace, *lines[start + len(search) :]]
    return _text(result).replace("\n", newline)


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _text(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _only(places: list[int], which: str) -> int:
    if len(places) > 1:
        raise HunkProblem(
            f"the SEARCH of {which} matches several places (lines {places[0] + 1} and {places[1] + 1}): "
            "add lines around it until it matches one"
        )
    return places[0]


def _places(lines: list[str], search: list[str], most: int) -> list[int]:
    """Return the first few line indexes where `search` stands in `lines`, by one linear text search each."""
    hay, needle = "\n" + "\n".join(lines) + "\n", "\n" + "\n".join(search) + "\n"
    places: list[int] = []
    counted = line = 0
    at = hay.find(needle)
    while at >= 0 and len(places) < most:
        line += hay.count("\n", counted, at)
        counted = at
        places.append(line)
        at = hay.find(needle, at + 1)
    return places


def _shifted(lines: list[str], search: list[str], replace: list[str], which: str) -> tuple[int, list[str]]:
    """Match but for a uniform change of indentation; return the place and the replacement so indented."""
    candidates = _places([line.strip() for line in lines], [line.strip() for line in search], _MOST_PLACES)
    fitting: list[tuple[int, list[str]]] = []
    for start in candidates:
        shift = _shift(lines[start : start + len(search)], search)
        indented = [_indented(line, *shift) for line in replace] if shift else []
        if shift and None not in indented:
            fitting.append((start, [line for line in indented if line is not None]))
    if not fitting:
        raise HunkProblem(f"the SEARCH of {which} matches no lines of the file. {nearest(lines, search)}")
    _only([start for start, _ in fitting], which)
    return fitting[0]


def _shift(found: list[str], search: list[str]) -> tuple[str, str] | None:
    """Return the prefixes to take away and to add that indent `search` like `found`; None: no such."""
    pairs = [(_indent(a), _indent(b)) for a, b in zip(found, search, strict=True) if b.strip()]
    if not pairs:
        return None
    there, here = pairs[0]
    add = there.removesuffix(here) if there.endswith(here) else ""
    remove = "" if there.endswith(here) else here.removesuffix(there)
    uniform = all(add + b == remove + a for a, b in pairs)
    return (remove, add) if uniform else None


def _indented(line: str, remove: str, add: str) -> str | None:
    if not line.strip():
        return line
    return add + line.removeprefix(remove) if line.startswith(remove) else None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def nearest(lines: list[str], search: list[str]) -> str:
    """Return the lines of a file that look most like `search`, numbered, for the author to correct it by."""
    if not any(line.strip() for line in lines):
        return "The file is empty."
    start = _most_shared(lines, search)
    if start is None:
        start = _most_alike(lines, search)
    if start is None:
        return f"Nothing in its {len(lines)} lines looks like it."
    stop = min(len(lines), start + len(search) + 2, start + _MOST_SHOWN)
    first = max(0, start - 2)
    shown = [f"{n + 1:5}| {escaped(lines[n][:_WIDEST_SHOWN].expandtabs(4))}" for n in range(first, stop)]
    return "The nearest lines are:\n" + "\n".join(shown)


def _most_shared(lines: list[str], search: list[str]) -> int | None:
    """Return the start of the window that has most lines of `search` word for word; linear."""
    wanted = Counter(line.strip() for line in search if len(line.strip()) > 2)
    hits = [line.strip() in wanted for line in lines]
    window = sum(hits[: len(search)])
    best, start = window, 0
    for at in range(1, max(1, len(lines) - len(search) + 1)):
        window += hits[at + len(search) - 1] - hits[at - 1]
        if window > best:
            best, start = window, at
    return start if best else None


def _most_alike(lines: list[str], search: list[str]) -> int | None:
    """Return the line most like the longest line of `search`. Bounded: difflib is quadratic."""
    longest = max(range(len(search)), key=lambda at: len(search[at].strip()))
    wanted = search[longest].strip()[:_WIDEST_SHOWN]
    words = set(re.findall(r"\w+", wanted))
    looked_at = (line[:_WIDEST_SHOWN] for line in lines[:_MOST_COMPARED])
    shared = [(len(words.intersection(re.findall(r"\w+", line))), -at) for at, line in enumerate(looked_at)]
    candidates = [-at for _, at in sorted(shared, reverse=True)[:100]]
    texts = {lines[at].strip()[:_WIDEST_SHOWN]: at for at in reversed(candidates)}
    close = difflib.get_close_matches(wanted, list(texts), n=1, cutoff=0.4)
    return max(0, texts[close[0]] - longest) if close else None
