"""What listing and showing need of the settings, told without the models of all of them where possible.

Importing and checking those takes 0.15 s, half of the time that listing thousands of sessions may take.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from team.cli.options import SHARED, Flags

_VARIABLE = "DEVTEAM_WORK_DIR"
_PLACES = frozenset({_VARIABLE, "DEVTEAM_CACHE_DIR", "DEVTEAM_RUN"})
_OURS = frozenset({"work_dir", "json_output", "quiet", "verbose"})
_OTHERS = SHARED.keys() - _OURS
_NO_MATTER = {f"DEVTEAM_{field.upper()}" for field in _OTHERS}
DEFAULT = "./workspace"


class Presenting(NamedTuple):
    """Where sessions lie, and how to print: the part of the settings that a reader of sessions asks for."""

    work_dir: Path
    json_output: bool
    verbose: bool


def presenting(flags: Flags) -> Presenting:
    """As `settings_of(flags).config` would say. A wrong value of a setting for sessions is no matter here.

    Raises:
        team.errors.ConfigError: a setting's name is wrong, or one of these values.
    """
    here = Path.cwd()
    if any(_set_elsewhere(here)):
        from team.cli.options import settings_of

        config = settings_of(flags).config
        return Presenting(config.work_dir, config.json_output, config.verbose)
    given = flags.get("work_dir") or os.environ.get(_VARIABLE, "").strip()
    work_dir = here / Path(given).expanduser() if given else Path(DEFAULT)
    return Presenting(work_dir, bool(flags.get("json_output")), bool(flags.get("verbose")))


def _set_elsewhere(here: Path) -> Iterator[bool]:
    """Whether a variable or a file may set one of these, the cheapest to ask first."""
    from platformdirs import user_config_dir

    variables = {name for name in os.environ if name.startswith("DEVTEAM_")}
    yield bool(variables - _PLACES - _NO_MATTER)
    yield b"DEVTEAM_" in _content(here / ".env")
    yield _may_set(Path(user_config_dir("devteam", appauthor=False)) / "config.toml")
    yield from (_may_set(folder / "pyproject.toml", "tool", "devteam") for folder in (here, *here.parents))


def _may_set(file: Path, *table: str) -> bool:
    """Whether that table of a TOML file, if there is one, holds more than settings of no matter here."""
    content = _content(file)
    if not all(name.encode() in content for name in table) or not content.strip():
        return False
    import tomllib

    try:
        found = tomllib.loads(content.decode())
        for name in table:
            found = found.get(name, {})
        return not found.keys() <= _OTHERS
    except (ValueError, AttributeError):
        return True  # the settings say what is wrong with it


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
