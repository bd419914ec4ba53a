"""A log that is written is followed event by event, until nobody works on it any more."""

from __future__ import annotations

import threading
from pathlib import Path

from sample_session import conversation

from team.transcript.events import Event
from team.transcript.following import follow
from team.transcript.store import SessionLog


def test_events_arrive_as_they_are_written_and_it_ends_with_the_session(tmp_path: Path) -> None:
    events = conversation()
    arrived: list[str] = []
    first, all_but_one = threading.Event(), threading.Event()

    def read() -> None:
        for item in follow(tmp_path / "s1", pause=0.01):
            arrived.append(item.type if isinstance(item, Event) else str(item))
            first.set()
            if len(arrived) == len(events) - 1:
                all_but_one.set()

    with SessionLog.create(tmp_path / "s1") as log:
        log.record(events[0])
        reader = threading.Thread(target=read)
        reader.start()
        assert first.wait(10) and arrived == ["session_started"]
        for event in events[1:-1]:
            log.record(event)
        assert all_but_one.wait(10) and reader.is_alive()
        log.record(events[-1])
    reader.join(10)
    assert not reader.is_alive()
    assert arrived == [event.type for event in events]


def test_a_torn_end_is_told_once_the_writer_is_gone(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1") as log:
        log.record(conversation()[0])
    with (tmp_path / "s1" / "transcript.jsonl").open("ab") as file:
        file.write(b'garbage\n{"v":1,"type":"mess')
    told = [str(item) for item in follow(tmp_path / "s1") if not isinstance(item, Event)]
    assert told == ["line 2: not a JSON object", "line 3: torn off while it was written"]
