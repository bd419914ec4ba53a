"""Licences of what is imported, where a person says which are allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from team.gates.base import Finding
from team.gates.dependencies.installed import Installed

if TYPE_CHECKING:
    from team.gates.dependencies.gate import Import

RULE = "license"


def licence_findings(
    used: Iterable[Import], installed: Installed, allowed: Sequence[str]
) -> Iterator[Finding]:
    """One finding for each imported package whose licence is not allowed, or not told."""
    told: set[str] = set()
    for one in used:
        for package in installed.providers(one.top):
            if package.name in told or is_allowed(package.licence, allowed):
                continue
            told.add(package.name)
            licence = package.licence or "unknown"
            message = f"the licence of {package.name} is {licence}; allowed are {', '.join(allowed)}"
            yield Finding(file=one.file, line=one.line, rule=RULE, message=message)


def is_allowed(licence: str, allowed: Sequence[str]) -> bool:
    """Whether a licence expression can be met: one side of every OR, both sides of every AND.

    A name is met by an allowed one that it begins with, word by word: `BSD` allows `BSD-3-Clause`.
    """
    plain = re.sub(r"[()]", " ", licence)
    choices = [re.split(r"\s+AND\s+", choice) for choice in re.split(r"\s+OR\s+", plain)]
    return bool(licence) and any(all(_is_met(name, allowed) for name in names) for names in choices)


def _is_met(name: str, allowed: Sequence[str]) -> bool:
    words = _words(name)
    return any(words[: len(_words(other))] == _words(other) for other in allowed if _words(other))


def _words(name: str) -> list[str]:
    return [
        word for word in re.split(r"[\s_-]+", name.lower()) if word not in ("", "the", "license", "licence")
    ]
