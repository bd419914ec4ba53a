from collections.abc import Callable
from pathlib import Path

import pytest
from sample_session import NAME, conversation, fixed_clock

from team.transcript import Transcript
from team.transcript.events import Event
from team.transcript.history import History
from team.transcript.store import SessionLog

SessionMaker = Callable[..., Transcript]


@pytest.fixture
def make_session(tmp_path: Path) -> SessionMaker:
    """Writes a whole session into its own folder; `events` replaces the usual conversation."""

    def make(
        name: str = NAME, *, events: list[Event] | None = None, last_line: str = "x = 1\n"
    ) -> Transcript:
        folder = tmp_path / "workspace" / name
        with SessionLog.create(folder, clock=fixed_clock) as log:
            files = folder / "files"
            files.mkdir()
            history = History(folder / "history.git", files, clock=fixed_clock)
            (files / "a.py").write_text("x = y\n")
            first = history.snapshot("developer", "iteration 1").commit
            (files / "a.py").write_text(last_line)
            second = history.snapshot("developer", "iteration 2").commit
            for event in events if events is not None else conversation((first, second)):
                log.record(event)
        return Transcript.open(folder)

    return make
