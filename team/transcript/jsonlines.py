"""The lines of a log as bytes: how they are written, named and parsed."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from team.transcript.redaction import map_texts

LOG_NAME = "transcript.jsonl"
_SURROGATES = re.compile("[\ud800-\udfff]")


def encode(data: dict[str, Any]) -> bytes:
    """One event as the bytes of its line, without the newline."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(line: bytes) -> str:
    """The digest by which the next line names this one: SHA-256 of the bytes without the newline."""
    return hashlib.sha256(line).hexdigest()


def storable(data: dict[str, Any]) -> dict[str, Any]:
    """The same JSON object with lone surrogates, which UTF-8 cannot hold, replaced by U+FFFD."""
    cleaned: dict[str, Any] = map_texts(data, lambda text: _SURROGATES.sub("\ufffd", text))
    return cleaned


def parse_object(line: bytes) -> dict[str, Any] | None:
    """The JSON object on a line, or None when there is none."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
