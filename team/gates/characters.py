"""What hypothesis knows of all characters: seconds of work, and the same for every workspace.

Hypothesis keeps it in the folder where it runs; what is judged runs in a new one each time. So it is worked
out once, in the sandbox and far from any workspace, kept in the user's cache folder, and laid down from
there.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from executors.cache import cache_dir
from executors.kept import ABOUT
from executors.scratch import ScratchFolder
from team.gates.trees import read_plain

if TYPE_CHECKING:
    from team.gates.base import Target
    from team.gates.reading import FileFacts

_WHERE = Path(".hypothesis", "unicode_data")
_LEARN = """
from hypothesis.internal import charmap
charmap.charmap()
charmap.intervals_from_codec("utf-8")
"""


def need_characters(facts: Mapping[str, FileFacts]) -> bool:
    """Whether a tree uses hypothesis."""
    return any(name.startswith("hypothesis") for path in facts for _, name, _ in facts[path].imported)


def lay_down_characters(target: Target, workspace: Path) -> None:
    """Put the tables where hypothesis looks for them in a workspace; without them it makes its own.

    Raises:
        executors.SandboxUnavailable: the machine lacks what confines the run.
    """
    if target.sandbox.name != "local":
        return  # another machine's hypothesis may have another form for them
    kept = cache_dir() / "hypothesis" / _key(target)
    if not kept.is_dir():
        _learn(target, kept)
    for file in kept.glob("*/*.gz"):
        place = workspace / _WHERE / file.relative_to(kept)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(read_plain(file) or b"")


def _learn(target: Target, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=kept.parent, prefix=".") as name,
        ScratchFolder("cache-characters") as empty,
    ):
        with target.sandbox.over(empty) as sandbox:
            sandbox.run(["python", "-s", "-c", _LEARN])
        made = Path(name, "made")
        made.mkdir()
        for file in (empty / _WHERE).glob("*/*.gz"):
            place = made / file.relative_to(empty / _WHERE)
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(read_plain(file) or b"")
        about = f"what characters there are, for {target.sandbox.interpreter.executable}\n"
        (made / ABOUT).write_text(about, encoding="utf-8")
        with suppress(OSError):  # somebody else was faster
            made.rename(kept)


def _key(target: Target) -> str:
    interpreter = target.sandbox.interpreter
    return hashlib.sha256(os.fsencode(f"{interpreter.executable}\0{interpreter.version}")).hexdigest()[:16]
