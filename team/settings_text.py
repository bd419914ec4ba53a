"""Settings written as text, in a variable or on a command line, read as values."""

from __future__ import annotations

import re
from typing import Any

from team.errors import ConfigError

# A comma inside brackets or before a version operator belongs to one requirement: pandas[sql]>=2,<3
_BETWEEN_REQUIREMENTS = re.compile(r",(?![^\[\]]*\])(?!\s*[<>=!~])")

_EXAMPLES = {
    "role_models": "ROLE=NAME, such as developer=gpt-4o",
    "role_budgets": "ROLE=BOUNDS, such as developer=0.50usd+20calls",
}


def parse_setting(name: str, value: Any, place: str) -> Any:
    """The value of the setting `name` when it is given as text; any other value is handed through.

    Raises:
        ConfigError: the text cannot be taken apart; names `place`.
    """
    if name in _EXAMPLES:
        return _pairs(value, place, _EXAMPLES[name])
    if not isinstance(value, str):
        return value
    if name == "packages":
        return _listed(_BETWEEN_REQUIREMENTS.split(value))
    if name in ("gates", "licenses", "waive"):
        return _listed(value.split(","))
    if name == "price":
        return _price(value, place)
    return value


def _listed(parts: list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in parts if part.strip())


def _pairs(value: Any, place: str, example: str) -> Any:
    """ROLE=… pairs, as one text with commas or as a list of texts."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        return value
    pairs: dict[str, str] = {}
    for part in value:
        role, equals, model = str(part).partition("=")
        if not equals or not role.strip() or not model.strip():
            raise ConfigError(f"{place} is {str(part)!r}", f"write {example}")
        pairs[role.strip()] = model.strip()
    return pairs


def _price(value: str, place: str) -> tuple[str, str]:
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 2:
        raise ConfigError(f"{place} is {value!r}", "write IN,OUT in USD per million tokens, such as 2.50,10")
    return parts[0], parts[1]
