import json
from pathlib import Path

import pytest

from team.transcript.events import Event, Message
from team.transcript.jsonlines import digest, encode
from team.transcript.logfile import read_log


def line(seq: int, session: str = "s1", **more: object) -> bytes:
    data = {"v": 1, "session": session, "seq": seq, "ts": "", "prev": "", "agent": "", "iteration": 0}
    return encode(data | {"type": "message", "step": "code", "content": f"m{seq}"} | more)


def read(tmp_path: Path, *lines: bytes, end: bytes = b"\n") -> tuple[list[int], list[str]]:
    path = tmp_path / "transcript.jsonl"
    path.write_bytes(b"\n".join(lines) + end)
    content = read_log(path)
    return [event.seq for event in content.events], list(content.damage)


def test_sound_log(tmp_path: Path) -> None:
    assert read(tmp_path, line(0), line(1)) == ([0, 1], [])


@pytest.mark.parametrize(
    ("lines", "kept", "damage"),
    [
        ([line(0), line(1)[:40]], [0], "line 2: not a JSON object"),
        ([line(0), b"\x00\xff garbage", line(1)], [0, 1], "line 2: not a JSON object"),
        ([line(0), b"[" * 100_000, line(1)], [0, 1], "line 2: not a JSON object"),
        ([line(0), b'{"hello": 1}', line(1)], [0, 1], "line 2: not an event"),
        ([line(0), line(7, session="other"), line(1)], [0, 1], "line 2: belongs to another session, 'other'"),
        ([line(0), line(1)[:30] + line(1), line(2)], [0, 2], "line 2: not a JSON object"),
        ([line(0), line(2), line(1), line(3)], [0, 1, 3], "line 2: out of order, number 2"),
        ([line(0), line(999_999), line(1), line(2)], [0, 1, 2], "line 2: out of order, number 999999"),
        ([line(0), line(3)], [0, 3], "line 2: 2 event(s) before it are missing"),
        ([line(0), line(1, content=5), line(2)], [0, 2], "line 2: not a 'message' event: message.content"),
    ],
)
def test_damage_is_named_and_the_rest_is_read(
    tmp_path: Path, lines: list[bytes], kept: list[int], damage: str
) -> None:
    seqs, notes = read(tmp_path, *lines)
    assert seqs == kept
    assert any(note.startswith(damage) for note in notes)


def test_torn_last_line(tmp_path: Path) -> None:
    assert read(tmp_path, line(0), line(1)[:-5], end=b"") == ([0], ["line 2: torn off while it was written"])


def test_newer_fields_and_types_are_tolerated_and_said_once(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    path.write_bytes(line(0, mood="good", v=7) + b"\n" + line(1, type="telepathy", v=7) + b"\n")
    content = read_log(path)
    first, second = content.events
    assert isinstance(first, Message) and type(second) is Event and second.type == "telepathy"
    assert content.damage == ("line 1: written in a newer format (7): what it has beyond 1 is left out",)


def test_what_an_older_version_did_not_write_has_a_value_that_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    older: list[dict[str, object]] = [
        {"type": "session_started", "seq": 0},
        {"type": "message", "seq": 1, "content": "hello"},
        {"type": "execution", "seq": 2, "command": "ls"},
        {"type": "gate", "seq": 3, "name": "lint"},
        {"type": "session_ended", "seq": 4, "status": "accepted"},
    ]
    path.write_bytes(b"".join(encode(data) + b"\n" for data in older))
    content = read_log(path)
    assert [event.type for event in content.events] == [
        "session_started",
        "message",
        "execution",
        "session_ended",
    ]
    assert content.damage == ("line 4: not a 'gate' event: gate.status: Field required",)


def test_empty_log(tmp_path: Path) -> None:
    assert read(tmp_path, end=b"") == ([], ["line 1: there is no event"])


def test_lines_are_compact_utf8() -> None:
    assert encode({"a": "ü\n", "b": 1}) == '{"a":"ü\\n","b":1}'.encode()
    assert json.loads(encode({"a": "\u2028"})) == {"a": "\u2028"}
    assert len(digest(b"{}")) == 64
