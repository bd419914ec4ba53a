"""`OAI_CONFIG_LIST`, AutoGen's own way to name models: a JSON list in a variable or a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from team.errors import ConfigError

NAME = "OAI_CONFIG_LIST"


def read_config_list(environ: Mapping[str, str], folder: Path, model: str) -> tuple[dict[str, Any], str]:
    """The `model`, `base_url`, `api_key` and `price` of one entry, and where the list was found.

    AutoGen's price is in USD per thousand tokens, in and out; ours is per million.

    The entry is the first one for `model`, or the first of all when no model is chosen yet. The variable
    holds the list itself or a file's path; without it a file of that name in `folder` is read.

    Raises:
        ConfigError: the list cannot be read.
    """
    text, place = _find(environ.get(NAME, "").strip(), folder)
    if not text:
        return {}, ""
    for entry in _entries(text, place):
        if entry.get("api_type", "openai") == "openai" and (not model or entry.get("model") == model):
            return _ours(entry, place), place
    return {}, ""


def _find(value: str, folder: Path) -> tuple[str, str]:
    if value.startswith("["):
        return value, NAME
    file = folder / Path(value or NAME).expanduser()
    if not file.is_file():
        if value:
            raise ConfigError(f"{NAME} is {value!r}", "it must be a JSON list or the path of a file with one")
        return "", ""
    try:
        return file.read_text(encoding="utf-8"), str(file)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read", str(error)) from None


def _entries(text: str, place: str) -> list[dict[str, Any]]:
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{place} is not JSON", f"line {error.lineno}: {error.msg}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{place} is not a list of objects", 'write [{"model": "…", "api_key": "…"}]')
    return entries


def _ours(entry: Mapping[str, Any], place: str) -> dict[str, Any]:
    ours: dict[str, Any] = {
        name: str(entry[name]) for name in ("model", "base_url", "api_key") if entry.get(name)
    }
    if entry.get("price") is not None:
        ours["price"] = _price(entry["price"], place)
    return ours


def _price(value: Any, place: str) -> tuple[float, float]:
    numbers = [one for one in value if isinstance(one, int | float)] if isinstance(value, list) else []
    if len(numbers) != 2 or len(value) != 2 or min(numbers) < 0:
        raise ConfigError(
            f"the price {value!r} in {place} is none", 'write "price": [IN, OUT], USD per thousand tokens'
        )
    return round(numbers[0] * 1000, 9), round(numbers[1] * 1000, 9)
