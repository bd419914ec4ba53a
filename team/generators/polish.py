"""Drafted Python as a careful person would have left it: imports pruned and sorted, one layout."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

LINE_LENGTH = 100

_LAYOUT = (
    "--isolated",
    "--no-cache",
    "--quiet",
    "--line-length",
    str(LINE_LENGTH),
    "--target-version",
    "py311",
)
_FIX = ("--select", "F401,I,UP,W", "--fix", "--exit-zero")


def polish(files: Mapping[str, str], first_party: str = "app") -> dict[str, str]:
    """Return the files with every Python file tidied; others end with one newline.

    Templates import all that they may need; what a spec does not need is pruned here.

    Args:
        files: workspace path, POSIX → text.
        first_party: the package that they make up.
    """
    ours = ("--config", f'lint.isort.known-first-party = ["{first_party}"]')
    steps = (("check", *_LAYOUT, *ours, *_FIX), ("format", *_LAYOUT))
    with tempfile.TemporaryDirectory(prefix="draft-") as folder:
        root = Path(folder)
        for path, text in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text.rstrip() + "\n", encoding="utf-8")
        for step in steps:
            subprocess.run([sys.executable, "-m", "ruff", *step, "."], cwd=root, check=True, timeout=60)
        return {path: (root / path).read_text(encoding="utf-8") for path in files}
