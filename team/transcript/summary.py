"""`session.json`: what a session is and what became of it, for listings."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from team.transcript.jsonlines import parse_object, storable
from team.transcript.redaction import Redactor

SUMMARY_NAME = "session.json"
OTHER_SETTINGS = "goes on with other settings:"
"""How the note begins by which a resumed session says that `session.json` differs from the log's start."""


_KINDS: dict[str, type] = {
    **dict.fromkeys(("config", "spec", "totals", "versions"), dict),
    **dict.fromkeys(("kind", "status", "title", "message", "sandbox"), str),
}


def write_summary(folder: Path, data: dict[str, Any], *, secrets: Sequence[str] = ()) -> None:
    """Replace `session.json` in one step: a reader sees the old one or the new one, never half of it.

    Raises:
        DiskTrouble: the disk is full, read-only or broken; the old file is still there.
    """
    text = json.dumps(storable(Redactor(secrets).data(data)), ensure_ascii=False, indent=2, default=str)
    fresh = Path(folder) / f".{SUMMARY_NAME}.{os.getpid()}"
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(Path(folder) / SUMMARY_NAME)
    except OSError as error:
        from team.errors import DiskTrouble

        fresh.unlink(missing_ok=True)
        raise DiskTrouble(
            f"{SUMMARY_NAME} of {Path(folder).name} cannot be written: {error.strerror}",
            "free some space or choose another --work-dir",
        ) from error


def read_summary(folder: Path) -> dict[str, Any]:
    """What `session.json` says; empty where it is missing or cannot be read."""
    try:
        content = (Path(folder) / SUMMARY_NAME).read_bytes()
    except OSError:
        return {}
    return parse_object(content) or {}


def sound_fields(told: dict[str, Any]) -> dict[str, Any]:
    """The fields of a summary without those that are of another kind than what is written."""
    return {name: value for name, value in told.items() if isinstance(value, _KINDS.get(name, object))}
