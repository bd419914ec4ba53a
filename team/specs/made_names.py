"""Names made from what others wrote: paths, parameters, properties of JSON."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable

from team.specs.names import entity_problem, field_problem, pascal, plural, snake

_CUTS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""), ("es", "is"))
_IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "feet": "foot", "mice": "mouse",
    "data": "datum", "criteria": "criterion", "media": "medium", "matrices": "matrix", "vertices": "vertex",
}  # fmt: skip


def singular(word: str) -> str:
    """The singular of an English noun, by the common rules; what is none stays as it is."""
    start = max(word.rfind(separator) for separator in " _-") + 1
    last = word[start:]
    if last.lower() in _IRREGULAR:
        return word[:start] + _IRREGULAR[last.lower()]
    if last.endswith("ss"):
        return word
    for end, instead in _CUTS:
        one = last.removesuffix(end) + instead
        if last.endswith(end) and len(one) > 1 and plural(one) == last:
            return word[:start] + one
    return word


def free_name(ways: Iterable[str], taken: Collection[str]) -> str:
    """The first name for an entity that can be used and is free, in PascalCase."""
    made = [name for name in (_entity_name(way) for way in ways) if name]
    for name in (*made, *(f"{name}Resource" for name in made)):
        if name not in taken and not _in_the_way(name, taken):
            return name
    base, number = (made or ["Row"])[0], 2
    while f"{base}{number}" in taken:
        number += 1
    return f"{base}{number}"


def _in_the_way(name: str, taken: Collection[str]) -> bool:
    """Whether two names would give one table or one module."""
    return any(plural(snake(name)) == plural(snake(other)) for other in taken)


def _entity_name(text: str) -> str:
    name = pascal("".join(letter if letter.isalnum() else " " for letter in text))[:40]
    if not name or not name[0].isalpha() or not name.isascii():
        return ""
    return f"{name}Record" if entity_problem(name) else name


def attribute_name(text: str, taken: Collection[str]) -> str:
    """A name in Python for a property: snake_case, no keyword, nothing that models have already, and free."""
    name = (
        snake("".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in text)) or "value"
    )
    name = f"value_{name}" if not name[0].isalpha() else name
    if keyword.iskeyword(name) or (name != "id" and field_problem(name) and name not in _TIMES):
        name = f"{name}_value"
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


_TIMES = frozenset({"created_at", "updated_at"})
