"""Where toolchains are found, what a sandbox may read of them, and what is said where there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.toolchains import require

from executors import SandboxUnavailable, open_executor
from team.config import CodeGenerationConfig
from team.languages.agreeing import agreed
from team.languages.table import LANGUAGES, TABLE, filled_in, find_language
from team.languages.toolchains import find_toolchain, require_toolchain, toolchains
from team.specs import ProblemSpec

JAVASCRIPT = TABLE[0]


def program(place: Path, text: str = "exit 0") -> Path:
    """A program that can be executed."""
    place.parent.mkdir(parents=True)
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)
    return place


@pytest.mark.parametrize("name", ["JavaScript", "js", " node ", "ecmascript"])
def test_a_language_has_several_names(name: str) -> None:
    assert find_language(name) is JAVASCRIPT
    assert ProblemSpec(description="x", language=name).language == "javascript"


def test_names_are_unique() -> None:
    names = [name for row in TABLE for name in (row.name, *row.aliases)]
    assert len({*names, "python"}) == len(names) + 1
    assert LANGUAGES[0] == "python"


def test_commands_are_filled_in() -> None:
    argv = filled_in(JAVASCRIPT.check, {"node": "/opt/node"}, "", ["a.js", "b.js"])
    assert (argv[0], argv[-4:]) == ("/opt/node", ["{harness}", "check", "a.js", "b.js"])


def test_a_version_managers_folder_is_made_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = program(tmp_path / "versions/v99/bin/node")
    (tmp_path / "shims").mkdir()
    (tmp_path / "shims/node").symlink_to(real)
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    chain = find_toolchain(JAVASCRIPT)
    assert (chain.programs, chain.readable) == ({"node": str(real)}, (tmp_path / "versions/v99",))


def test_of_the_home_folder_the_program_alone_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = program(tmp_path / "home/bin/node")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(real.parent))
    assert find_toolchain(JAVASCRIPT).readable == (real,)


def test_a_missing_program_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match=r"JavaScript needs `node`.*install Node\.js"):
        find_toolchain(JAVASCRIPT)
    assert [version for _, version in toolchains()] == [""] * len(TABLE)


def test_a_program_outside_the_system_is_seen_in_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "tools/bin/node", "echo v99")
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools/bin'}:{os.environ['PATH']}")
    chain = find_toolchain(JAVASCRIPT)
    (tmp_path / "files").mkdir()
    try:
        sandbox = open_executor(
            "auto", work_dir=tmp_path / "files", python=Path(sys.executable), readable=chain.readable
        )
    except SandboxUnavailable as missing:
        pytest.skip(f"no sandbox on this machine: {missing}")
    with sandbox:
        require_toolchain(JAVASCRIPT, sandbox)
        program(tmp_path / "broken/bin/node", "exit 1")
        monkeypatch.setenv("PATH", f"{tmp_path / 'broken/bin'}:{os.environ['PATH']}")
        with pytest.raises(SandboxUnavailable, match="cannot run JavaScript in the sandbox"):
            require_toolchain(JAVASCRIPT, sandbox)


def test_what_is_here_is_listed_with_its_version() -> None:
    require("node")
    assert dict(toolchains())[JAVASCRIPT].startswith("node ")


def test_the_problem_says_the_language_else_the_settings_do() -> None:
    config = CodeGenerationConfig(language="js")
    silent, said = ProblemSpec(description="x"), ProblemSpec(description="x", language="python")
    assert [one.language for one in agreed(silent, config)] == ["javascript", "javascript"]  # type: ignore[union-attr]
    assert [one.language for one in agreed(said, config)] == ["python", "python"]  # type: ignore[union-attr]
