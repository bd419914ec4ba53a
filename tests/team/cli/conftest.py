"""The real command, in an own folder, with an empty home and none of the developer's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder in which the command runs; its name has what names in real life have."""
    folder = tmp_path / "my project's code"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment without settings, but with the cache, so that nothing is made twice."""
    ours = ("DEVTEAM_", "OPENAI_", "OAI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    if "DEVTEAM_CACHE_DIR" in os.environ:
        kept["DEVTEAM_CACHE_DIR"] = os.environ["DEVTEAM_CACHE_DIR"]
    return kept | {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def devteam(project: Path, environ: dict[str, str]) -> Command:
    """Run the command in a process of its own."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "team.cli", *arguments],
            cwd=project,
            env=environ | dict(env or {}),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
