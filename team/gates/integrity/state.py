"""Reading the state of a tree that later turns are compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from team.gates.integrity.past import CASES, Mandate, TreeState
from team.gates.target import is_test_file, regular_files
from team.gates.trees import read_plain

MOST_DATA = 2000


def read_state(root: Path, mandate: Mandate) -> TreeState:
    """The tree below `root` as it is now, after a turn with this mandate.

    Raises:
        OSError: the folder cannot be listed.
    """
    paths = list(regular_files(root))
    python = [path for path in paths if path.endswith(".py")]
    data = [path for path in paths if path.startswith("tests/") and not path.endswith(".py")][:MOST_DATA]
    return TreeState(
        tests=_texts(root, (path for path in python if is_test_file(path))),
        sources=_texts(root, (path for path in python if not is_test_file(path))),
        data={path: hashlib.sha256(read_plain(root / path) or b"").hexdigest() for path in data},
        cases=(read_plain(root / CASES) or b"").decode("utf-8", "replace"),
        mandate=mandate,
    )


def _texts(root: Path, paths: Iterable[str]) -> dict[str, str]:
    return {path: (read_plain(root / path) or b"").decode("utf-8-sig", "replace") for path in paths}
