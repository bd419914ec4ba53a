"""Where sessions lie, found without the models of all settings where that can be told in advance.

Importing and checking those takes 0.15 s of the 0.3 s that listing thousands of sessions may take.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from team.cli.options import Flags

_VARIABLE = "DEVTEAM_WORK_DIR"
_NO_SETTINGS = frozenset({_VARIABLE, "DEVTEAM_CACHE_DIR", "DEVTEAM_RUN"})
DEFAULT = "./workspace"


def work_dir_of(flags: Flags) -> Path:
    """The folder of the sessions, as `settings_of(flags).config.work_dir` would say.

    Raises:
        team.errors.ConfigError: a setting somewhere is wrong.
    """
    here = Path.cwd()
    if _may_be_set_elsewhere(here):
        from team.cli.options import settings_of

        return settings_of(flags).config.work_dir
    given = flags.get("work_dir") or os.environ.get(_VARIABLE, "").strip()
    return here / Path(given).expanduser() if given else Path(DEFAULT)


def _may_be_set_elsewhere(here: Path) -> bool:
    from platformdirs import user_config_dir

    variables = (name for name in os.environ if name.startswith("DEVTEAM_"))
    if any(name not in _NO_SETTINGS for name in variables) or "OAI_CONFIG_LIST" in os.environ:
        return True
    files = (
        here / ".env",
        here / "OAI_CONFIG_LIST",
        Path(user_config_dir("devteam", appauthor=False)) / "config.toml",
    )
    return any(file.exists() for file in files) or any(map(_names_us, (here, *here.parents)))


def _names_us(folder: Path) -> bool:
    try:
        return b"devteam" in (folder / "pyproject.toml").read_bytes()
    except OSError:
        return False
