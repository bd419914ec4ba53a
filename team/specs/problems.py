"""What is wrong with a spec, in one line: the key, its line, what is allowed, and which name was meant."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from team.specs.base import suggestion

Location = tuple[Hashable, ...]


def in_words(error: ValidationError, line: Callable[[Location], int | None]) -> str:
    """The first problem in words, and how many more there are.

    Args:
        error: what Pydantic found.
        line: the line of a place in the file, counted from 1; None when it is not known.
    """
    problems = _independent(error.errors(include_url=False))
    first = problems[0]
    place = (*first["loc"], *first.get("ctx", {}).get("at", ()))
    number = line(place)
    problem, mend = _problem(first, _name(place, short=number is not None))
    where = f" (line {number})" if number else ""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problem}{where}{'; ' + mend if mend else ''}{more}"


def _independent(problems: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out what only follows: a list counts as too short when an item of it is wrong."""
    places = [problem["loc"] for problem in problems]
    return [
        problem
        for problem in problems
        if problem["type"] != "too_short"
        or not any(len(place) > len(problem["loc"]) and _within(place, problem["loc"]) for place in places)
    ]


def _within(place: Sequence[Any], outer: Sequence[Any]) -> bool:
    return tuple(place[: len(outer)]) == tuple(outer)


def _name(place: Location, *, short: bool) -> str:
    """The key at a place: with its whole path where no line says which one it is."""
    keys = [part for part in place if isinstance(part, int) or str(part).isidentifier()]
    if keys[:2] == ["entities", 0] or keys[:2] == ["endpoints", 0]:
        keys = keys[2:]
    if short:
        last = next((n for n in range(len(keys) - 1, -1, -1) if isinstance(keys[n], str)), 0)
        keys = keys[last:]
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def _problem(error: ErrorDetails, name: str) -> tuple[str, str]:
    """One problem, and what mends it."""
    context = error.get("ctx", {})
    given = _shown(error["input"])
    match error["type"]:
        case "spec":
            return error["msg"], context["hint"]
        case "missing":
            return f"{name} is missing", ""
        case "literal_error":
            allowed = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
            return f"{name}: {given} is not allowed", suggestion(str(error["input"]), allowed)
        case "value_error":
            return str(context["error"]), ""
        case "too_short":
            return f"{name} is empty", ""
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"{name}: {given} is no mapping", "write `key: value` pairs"
        case "tuple_type":
            return f"{name}: {given} is no list", ""
        case "string_type":
            return f"{name}: {given} is not text", "quote it"
    return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}".removeprefix(": "), ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
