"""Formats and safely fixes Python files with ruff in a folder of its own.

Input (stdin): ``{"files": {path: text}, "check": [ruff arguments], "format": [ruff arguments]}``.
Output (stdout): ``{"files": {path: text}}`` of those that changed. A file that ruff cannot parse stays.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Tidy what stdin holds and report what changed."""
    job = json.load(sys.stdin)
    files: dict[str, str] = job["files"]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for path, text in files.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(text.encode())
        for arguments in (job["check"], job["format"]):
            command = [sys.executable, "-I", "-m", "ruff", *arguments, *files]
            done = subprocess.run(command, stdout=sys.stderr, stderr=sys.stderr, check=False)
            if done.returncode < 0:
                sys.exit(f"ruff ended by signal {-done.returncode}")
        tidied = {path: Path(path).read_bytes().decode() for path in files}
    json.dump({"files": {path: text for path, text in tidied.items() if text != files[path]}}, sys.stdout)


if __name__ == "__main__":
    main()
