"""What the README prints works as printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from executors import SandboxUnavailable, open_executor
from team.cli.app import application

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_every_command_it_names_exists() -> None:
    group = typer.main.get_command(application())
    named = set(re.findall(r"devteam ([a-z]+)\b", README))
    assert {"run", "crud", "check", "doctor"} <= named <= {*group.commands, "run"}  # type: ignore[attr-defined]


def test_every_option_it_names_exists() -> None:
    known = set(re.findall(r"--[a-z-]+", (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")))
    others = {"--strict", "--git-dir"}  # mypy's and git's
    assert set(re.findall(r"--[a-z][a-z-]+", README)) - others <= known


def test_every_file_it_links_to_is_there() -> None:
    links = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert links
    assert [target for target in links if not (ROOT / target).is_file()] == []


def test_its_scripts_run_as_printed_but_for_the_model(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    probe.mkdir()
    try:
        open_executor("auto", work_dir=probe).close()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox: {error}")
    generate, inspect = SCRIPTS
    tape = f"tape:{ROOT / 'examples' / 'rate_limiter' / 'tape.jsonl'}"
    script = (
        generate.replace('"gpt-4o"', repr(tape))
        + inspect.replace('"workspace/<session>"', "result.path")
        + "\nassert log.diff(2) and log.answers('developer') and log.messages()"
        + "\nassert result['files'] == result.files"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "True accepted" in done.stdout
    assert "tests pass 0" in done.stdout
