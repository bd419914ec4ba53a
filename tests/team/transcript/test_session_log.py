import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from team.errors import DiskTrouble, SessionBusy, SessionNotFound, UsageError
from team.transcript.events import Event, Gate, Message, ModelCall, Note, SessionEnded, SessionStarted
from team.transcript.logfile import read_log
from team.transcript.store import SessionLog, new_session_id
from team.transcript.verify import chain_breaks

STARTED = SessionStarted(kind="run", spec={}, config={})


def said(text: str, iteration: int = 0) -> Message:
    return Message(agent="developer", step="code", content=text, iteration=iteration)


def call(text: str, iteration: int = 0) -> ModelCall:
    return ModelCall(agent="developer", step="code", answer={"content": text}, iteration=iteration)


def lines_of(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "transcript.jsonl").read_bytes().splitlines()]


def test_envelope_is_filled_in(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1", clock=lambda: datetime(2026, 1, 2, tzinfo=UTC)) as log:
        log.record(STARTED)
        written = log.record(said("hello"))
    first, second = lines_of(tmp_path / "s1")
    assert (second["v"], second["session"], second["seq"]) == (1, "s1", 1)
    assert second["ts"] == "2026-01-02T00:00:00.000Z"
    assert first["prev"] == "" and len(str(second["prev"])) == 64
    assert written.model_dump(mode="json") == second
    assert chain_breaks(tmp_path / "s1" / "transcript.jsonl") == []


def test_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1", secrets=["my-own-key-77"]) as log:
        log.record(SessionStarted(kind="run", spec={"deep": [{"k": "my-own-key-77"}]}, config={}))
        written = log.record(said("use sk-abcdefghijklmnop1234 or my-own-key-77"))
    content = (tmp_path / "s1" / "transcript.jsonl").read_text()
    assert "my-own-key-77" not in content and "sk-abc" not in content
    assert written.content == "use [redacted] or [redacted]"


def test_observers_hear_what_was_written(tmp_path: Path) -> None:
    class Ear:
        def __init__(self) -> None:
            self.heard: list[object] = []

        def on_event(self, event: Event) -> None:
            self.heard.append(event.seq)

        def on_status(self, text: str) -> None:
            self.heard.append(text)

    ear = Ear()
    with SessionLog.create(tmp_path / "s1") as log:
        log.record(STARTED)
        log.subscribe(ear)
        log.record(said("hello"))
        log.status("gate tests")
    assert ear.heard == [1, "gate tests"]


def test_lone_surrogates_do_not_stop_the_log(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1") as log:
        assert log.record(said("a\ud800b")).content == "a\ufffdb"
    assert lines_of(tmp_path / "s1")[0]["content"] == "a\ufffdb"


def test_clock_going_back_breaks_nothing(tmp_path: Path) -> None:
    times = iter(datetime(2026, 1, 2, tzinfo=UTC) - timedelta(hours=n) for n in range(3))
    with SessionLog.create(tmp_path / "s1", clock=lambda: next(times)) as log:
        for text in "abc":
            log.record(said(text))
    content = read_log(tmp_path / "s1" / "transcript.jsonl")
    assert [event.seq for event in content.events] == [0, 1, 2] and content.damage == ()


def test_two_processes_cannot_work_on_one_session(tmp_path: Path) -> None:
    SessionLog.create(tmp_path / "s1").close()
    program = """
        import sys, pathlib
        from team.errors import SessionBusy
        from team.transcript.store import SessionLog
        try:
            SessionLog.reopen(pathlib.Path(sys.argv[1]))
        except SessionBusy as busy:
            print(busy)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "s1")]
    with SessionLog.reopen(tmp_path / "s1"), pytest.raises(SessionBusy):
        SessionLog.reopen(tmp_path / "s1")
    with SessionLog.reopen(tmp_path / "s1"):
        assert "another process" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


def test_child_that_lives_on_does_not_keep_the_lock(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path / "s1")
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        log.close()
        SessionLog.reopen(tmp_path / "s1").close()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_folder_with_a_session_is_not_started_again(tmp_path: Path) -> None:
    SessionLog.create(tmp_path / "s1").close()
    with pytest.raises(UsageError, match="already holds a session"):
        SessionLog.create(tmp_path / "s1")
    SessionLog.reopen(tmp_path / "s1").close()


def test_unwritable_place_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="choose another --work-dir"):
        SessionLog.create(tmp_path / "file" / "s1")


def test_nothing_to_reopen(tmp_path: Path) -> None:
    with pytest.raises(SessionNotFound):
        SessionLog.reopen(tmp_path)


def test_full_disk_leaves_a_readable_log(tmp_path: Path) -> None:
    """A limit on the file's size fails a write half-way, as a full disk does."""
    log = SessionLog.create(tmp_path / "s1")
    log.record(said("fits"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (tmp_path / "s1" / "transcript.jsonl").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, before[1]))
    try:
        with pytest.raises(DiskTrouble, match="cannot be written"):
            log.record(said("x" * 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (tmp_path / "s1" / "transcript.jsonl").stat().st_size == size
    log.record(said("fits again"))
    log.close()
    assert chain_breaks(tmp_path / "s1" / "transcript.jsonl") == []


def test_resume_does_not_write_what_is_recorded(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1") as log:
        log.record(STARTED)
        first = log.record(said("first"))
        log.record(SessionEnded(status="stopped", reason="interrupted", message=""))
    with SessionLog.reopen(tmp_path / "s1") as log:
        log.record(STARTED)
        assert log.record(said("told again in other words")) == first
        assert log.record(said("new")).seq == 3
        log.record(SessionEnded(status="accepted", reason="accepted", message=""))
    assert [line["type"] for line in lines_of(tmp_path / "s1")] == [
        *("session_started", "message", "session_ended"),
        *("message", "session_ended"),
    ]


def test_resume_serves_recorded_answers_in_order(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1") as log:
        log.record(call("one"))
        log.record(call("two"))
        log.record(Gate(name="lint", status="pass", iteration=1))
    with SessionLog.reopen(tmp_path / "s1") as log:
        assert log.recorded("gate", name="tests") is None
        lint = log.recorded("gate", name="lint", iteration=1)
        assert isinstance(lint, Gate) and lint.status == "pass"
        served = [log.recorded("model_call", agent="developer") for _ in range(3)]
        assert [event and event.seq for event in served] == [0, 1, None]
        assert log.record(call("three")).seq == 3


def test_served_events_may_be_recorded_again(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1") as log:
        log.record(call("same"))
        log.record(call("same"))
    with SessionLog.reopen(tmp_path / "s1") as log:
        for seq in (0, 1):
            served = log.recorded("model_call", agent="developer", step="code")
            assert served is not None and log.record(served).seq == seq
        assert log.record(call("same")).seq == 2


def test_notes_of_other_words_are_new(tmp_path: Path) -> None:
    with SessionLog.create(tmp_path / "s1") as log:
        log.record(Note(text="git is missing"))
    with SessionLog.reopen(tmp_path / "s1") as log:
        assert log.record(Note(text="git is missing")).seq == 0
        assert log.record(Note(text="resumed")).seq == 1


def write_log(folder: Path) -> bytes:
    with SessionLog.create(folder) as log:
        log.record(STARTED)
        for iteration in range(3):
            log.record(said("Grüße\n" * 20, iteration))
            log.record(Gate(name="lint", status="fail", iteration=iteration, findings=()))
    return (folder / "transcript.jsonl").read_bytes()


@pytest.fixture(scope="module")
def whole_log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_log(tmp_path_factory.mktemp("whole") / "s1")


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_log_cut_at_any_byte_goes_on(
    whole_log: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(whole_log)))
    folder = tmp_path_factory.mktemp("cut") / "s1"
    folder.mkdir()
    (folder / "transcript.jsonl").write_bytes(whole_log[:cut])
    with SessionLog.reopen(folder) as log:
        log.record(Note(text="goes on"))
    path = folder / "transcript.jsonl"
    assert chain_breaks(path) == []
    assert read_log(path).damage == ()
    # Nothing but the torn line is lost, and not even that one when only its newline is missing.
    assert path.read_bytes().count(b"\n") == whole_log[: cut + 1].count(b"\n") + 1


def test_killed_writer_leaves_a_log_that_goes_on(tmp_path: Path) -> None:
    program = """
        import sys, pathlib
        from team.transcript.events import Message
        from team.transcript.store import SessionLog
        log = SessionLog.create(pathlib.Path(sys.argv[1]))
        while True:
            print(log.record(Message(agent="developer", step="code", content="x" * 5000)).seq, flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "s1")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(20)]
        writer.kill()
    with SessionLog.reopen(tmp_path / "s1") as log:
        seq = log.record(Note(text="goes on")).seq
    assert seq > told[-1]
    assert chain_breaks(tmp_path / "s1" / "transcript.jsonl") == []


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Invoice", "invoice"),
        ("Rechnungen für Zürich!", "rechnungen-fur"),
        ("日本", "session"),
        (
            "a very long title that nobody would want to see in a folder's name",
            "a-very-long-title",
        ),
        ("x" * 100, "x" * 20),
        ("../../etc/passwd", "etc-passwd"),
        ("key sk-abcdefghijklmnop1234", "key-redacted"),
    ],
)
def test_session_ids_sort_by_time_and_tell_the_title(title: str, slug: str) -> None:
    name = new_session_id(title, datetime(2026, 11, 21, 9, 30, 15))
    assert name.startswith(f"20261121-093015-{slug}-")
    assert len(name.rpartition("-")[2]) == 4
