"""Free-form requirements from an argument, a file or stdin."""

from __future__ import annotations

import sys
from pathlib import Path

from team.errors import UsageError


def read_requirements(text: str | None, file: Path | None) -> str:
    """The requirements from exactly one of: the argument, the file, or stdin for `-`.

    Raises:
        UsageError: none or two of them are given, or what is given cannot be read or says nothing.
    """
    if (text is None) == (file is None):
        raise UsageError(
            'say what to build exactly once: devteam run "REQUIREMENTS", --file F, or - for stdin'
        )
    if file is not None:
        said, place = _read(file), str(file)
    elif text == "-":
        said, place = _decoded(sys.stdin.buffer.read(), "stdin"), "stdin"
    else:
        said, place = str(text), "the requirements"
        if _looks_like_a_file(said):
            raise UsageError(f"{said!r} is a file, not requirements", f"devteam run --file {said}")
    if not said.strip():
        raise UsageError(f"{place}: nothing is written there", "say what to build")
    return said


def _read(file: Path) -> str:
    try:
        return _decoded(file.read_bytes(), str(file))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "check the path") from None


def _decoded(data: bytes, place: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError(f"{place} is not UTF-8 text", "save it as UTF-8")
    return text


def _looks_like_a_file(text: str) -> bool:
    if len(text) > 255 or any(letter.isspace() for letter in text) or "." not in text:
        return False
    return Path(text).is_file()
