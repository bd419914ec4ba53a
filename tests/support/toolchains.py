"""What tests need of the toolchains of this machine."""

from __future__ import annotations

import shutil

import pytest


def require(program: str) -> None:
    """Skip the test where a program is missing."""
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} on this machine")
