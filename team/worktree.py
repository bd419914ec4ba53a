"""Reading the shared workspace from outside: what is there may be hostile, so no link is followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from executors.laying import read_text

NOISE = frozenset({".git", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})
"""Folders that tools leave behind; they are nobody's work."""


def paths(root: Path) -> list[str]:
    """The regular files below `root` as POSIX paths, sorted, without noise and links."""
    return sorted(_walk(root, ""))


def tree(root: Path) -> dict[str, str]:
    """Path → text of every file that is text."""
    texts = ((path, read_text(root, path)) for path in paths(root))
    return {path: text for path, text in texts if text is not None and "\0" not in text}


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in NOISE:
                    yield from _walk(Path(entry.path), f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(".pyc"):
                yield prefix + entry.name
