"""Two sessions can be told apart by what their roles were told."""

from __future__ import annotations

from pathlib import Path

import prompts


def test_another_prompt_is_another_version(tmp_path: Path) -> None:
    assert prompts.version() == prompts.version(tmp_path)
    (tmp_path / "turns").mkdir()
    (tmp_path / "turns" / "code.md.j2").write_text("Write it.")
    assert prompts.version(tmp_path) != prompts.version()
