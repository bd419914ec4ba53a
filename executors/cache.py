"""Where things that can be made again are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_dir


def cache_dir() -> Path:
    """The user's cache folder for this program; `DEVTEAM_CACHE_DIR` moves it. Not created here."""
    moved = os.environ.get("DEVTEAM_CACHE_DIR")
    return Path(moved).expanduser().absolute() if moved else Path(user_cache_dir("devteam", appauthor=False))
