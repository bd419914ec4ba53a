"""Well-known packages, and names that are one typo away from one. The list is bundled: nothing is asked."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from team.gates.dependencies.installed import canonical

_LIST = Path(__file__).with_name("known_packages.txt")
_SHORTEST = 5
"""Letters of a name that can be mistyped: shorter ones are too often names by themselves."""


@cache
def known_packages() -> dict[str, str]:
    """Import name → the name to install it by, of well-known packages."""
    pairs: dict[str, str] = {}
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        names = line.split("#")[0].split()
        if names:
            pairs[names[0]] = names[-1]
    return pairs


@cache
def known_distributions() -> dict[str, str]:
    """The canonical name to install by → the import name."""
    return {canonical(package): module for module, package in known_packages().items()}


def is_standard(module: str) -> bool:
    """Whether a top-level module is part of Python."""
    return module in sys.stdlib_module_names


def package_of(module: str) -> str:
    """The name that a module is most likely installed by."""
    return known_packages().get(module, module)


def meant(name: str, others: Collection[str] = ()) -> str | None:
    """The well-known name that `name` is one typo away from; None when there is none, or it is one itself.

    Args:
        name: a module's or a package's name.
        others: further names that are known, such as what is installed.
    """
    plain = _plain(name)
    candidates = {_plain(other): other for other in (*_names(), *others)}
    if name in candidates.values() or (plain in candidates and name.isascii()):
        return None
    if plain in candidates:
        return candidates[plain]
    near = [other for other in sorted(candidates) if len(other) >= _SHORTEST and one_typo(plain, other)]
    return candidates[near[0]] if near else None


def _names() -> Iterator[str]:
    yield from known_packages()
    yield from known_packages().values()
    yield from (name for name in sys.stdlib_module_names if not name.startswith("_"))


def _plain(name: str) -> str:
    """A name without what people mix up: case, dashes, dots, and letters that only look like others."""
    text = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in text if letter not in "-_." and not unicodedata.combining(letter))


def one_typo(first: str, second: str) -> bool:
    """Whether one letter more, less or other, or two neighbours swapped, make one word of the other."""
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if start is None:
        return True
    rest, other = first[start:], second[start:]
    swapped = len(rest) > 1 and len(other) > 1 and (rest[0], rest[1]) == (other[1], other[0])
    return (
        rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or (swapped and rest[2:] == other[2:])
    )
