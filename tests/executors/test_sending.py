"""Programs of several modules run where nothing of ours is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from executors.sending import sent


def test_modules_find_each_other_and_nothing_of_the_working_directory(tmp_path: Path) -> None:
    ours, there = tmp_path / "ours", tmp_path / "there"
    for folder in (ours, there):
        folder.mkdir()
    (ours / "words.py").write_text("WORD = 'ours'\n")
    (ours / "speaking.py").write_text(
        "from .words import WORD\n\n\ndef speak(*names):\n    return (WORD, *names)\n"
    )
    (ours / "program.py").write_text(
        "import sys\nfrom .speaking import speak\nprint(*speak(*sys.argv[1:]))\n"
    )
    (there / "json.py").write_text("raise SystemExit('the workspace was imported')\n")
    line = [sys.executable, *sent("devteam_test", ours, ("words", "speaking", "program"))]
    done = subprocess.run(line, cwd=there, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("ours\n", "")


def test_a_traceback_names_the_module(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text("1 / 0\n")
    (tmp_path / "program.py").write_text("from .part import x\n")
    line = [sys.executable, "-I", *sent("devteam_test", tmp_path, ("part", "program"))]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert 'File "<devteam_test part>", line 1' in done.stderr
