"""Measures which lines run by the `coverage` package: what a run that is believed is judged by."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from typing import Any

from .reporting import Place

GREENLET_USERS = (b"sqlalchemy", b"sqlmodel", b"greenlet", b"gevent")


class Traced:
    """A measurement of what lies in a workspace."""

    def __init__(self, root: str) -> None:
        self._place = Place(root)
        self._coverage = _coverage_of(root)

    def start(self) -> None:
        """Measure from here on."""
        if self._coverage:
            self._coverage.start()

    def lines(self) -> dict[str, list[int]] | None:
        """The executed lines by workspace path; None when the interpreter has no package `coverage`."""
        if self._coverage is None:
            return None
        self._coverage.stop()
        data = self._coverage.get_data()
        found = {self._place.relative(path): sorted(data.lines(path) or ()) for path in data.measured_files()}
        return {path: lines for path, lines in found.items() if path}


def _coverage_of(root: str) -> Any:
    try:
        from coverage import Coverage
    except ImportError:
        return None
    # It notes by which calls it was started; `inspect` would look through all modules for each of ours.
    files = ("<string>", "<devteam_judge>", "<devteam_judge tracing>", "<devteam_judge recorder>")
    inspect.modulesbyfile.update(dict.fromkeys(files, "__main__"))
    kinds = ["thread", "greenlet"] if uses_greenlets(root) else ["thread"]
    return Coverage(data_file=None, config_file=False, source=[root], concurrency=kinds, messages=False)


def uses_greenlets(root: str) -> bool:
    """Whether code of the workspace may switch greenlets, as SQLAlchemy's asyncio does.

    Only then is coverage told of them: asking greenlet at every call, which one runs, hangs now and then
    while threads start (seen in a third of the runs of a test that starts eight; greenlet 3.5, Python 3.11).
    """
    if importlib.util.find_spec("greenlet") is None:
        return False
    texts = (file.read_bytes() for file in Path(root).rglob("*.py") if file.is_file())
    return any(name in text for text in texts for name in GREENLET_USERS)
