"""OpenAPI documents: references followed within the document, and what a schema allows, in short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch", "options", "head", "trace")
_SUFFIX = "#/"
_JUST_WORDS = frozenset({"description", "title", "example", "examples", "default", "deprecated", "summary"})


class Unresolvable(ValueError):
    """A reference leads nowhere, out of the document, or back to itself."""


def resolve(document: Mapping[str, Any], value: Any) -> Any:
    """What a value stands for: itself, or what its chain of references ends at.

    Raises:
        Unresolvable: see there.
    """
    seen: set[str] = set()
    while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in seen:
            raise Unresolvable(f"the reference {reference!r} leads back to itself")
        seen.add(reference)
        beside = {key: part for key, part in value.items() if key != "$ref" and key not in _JUST_WORDS}
        value = _lookup(document, reference)
        if beside and isinstance(value, Mapping):
            value = {"allOf": [value, beside]} if _says_something(beside) else value
    return value


def _says_something(beside: Mapping[str, Any]) -> bool:
    return any(not key.startswith("x-") for key in beside)


def _lookup(document: Mapping[str, Any], reference: str) -> Any:
    if not reference.startswith(_SUFFIX):
        raise Unresolvable(f"the reference {reference!r} leads out of the document, and nothing is fetched")
    place: Any = document
    for part in reference.removeprefix(_SUFFIX).split("/"):
        key = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
        if isinstance(place, list) and key.isdigit() and int(key) < len(place):
            place = place[int(key)]
        elif isinstance(place, Mapping) and key in place:
            place = place[key]
        else:
            raise Unresolvable(f"the reference {reference!r} leads nowhere")
    return place


def reference_name(value: Any) -> str:
    """The last part of a reference, such as the name of a component; empty for what is none."""
    reference = value.get("$ref") if isinstance(value, Mapping) else None
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""
