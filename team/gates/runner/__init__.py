"""Programs of ours that run inside a sandbox: their source is sent, nothing of them is imported there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from executors.sending import sent

_FOLDER = Path(__file__).parent


def program(name: str) -> str:
    """The source text of one of the programs of this folder, such as ``run_pytest``."""
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8")


def harness(name: str) -> str:
    """The source text of our program in another language, such as ``javascript.mjs``."""
    return (_FOLDER / "harness" / name).read_text(encoding="utf-8")


def command(name: str, parts: Sequence[str] = ()) -> list[str]:
    """What runs a program with the sandbox's interpreter, apart from the workspace.

    Args:
        name: the program.
        parts: the modules of this folder that it imports, as ``from .part``; each after those it needs.
    """
    # With -I the interpreter would also ignore the fixed hash seed of the sandbox, which makes what tests
    # print the same each time.
    return ["python", "-s", *sent("devteam_judge", _FOLDER, (*parts, name))]
