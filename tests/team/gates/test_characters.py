"""What hypothesis knows of characters is worked out once, and laid down where it looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from executors import SandboxUnavailable, open_executor
from team.gates import make_target
from team.gates.characters import lay_down_characters

READ = """
import types
from hypothesis.internal import charmap
charmap.sys = types.SimpleNamespace(maxunicode=0)  # who works it out anew finds one character
encodable, _ = charmap.intervals_from_codec("utf-8")
print(encodable.size)
"""


def test_it_is_worked_out_once_and_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    try:
        sandbox = open_executor("auto", work_dir=tmp_path / "work")
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")
    with sandbox:
        monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path / "cache"))
        target = make_target(sandbox.work_dir, sandbox)
        lay_down_characters(target, tmp_path / "first")
        (kept,) = (tmp_path / "cache" / "hypothesis").iterdir()
        made = kept.stat().st_mtime_ns
        lay_down_characters(target, sandbox.work_dir)
        assert kept.stat().st_mtime_ns == made
        outcome = sandbox.run(["python", "-s", "-c", READ])
    assert outcome.exit_code == 0, outcome.output
    assert int(outcome.output) > 1_000_000
