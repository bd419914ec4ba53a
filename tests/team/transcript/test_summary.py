import resource
from pathlib import Path

import pytest

from team.errors import DiskTrouble
from team.transcript.store import read_summary, write_summary


def test_written_and_read_back(tmp_path: Path) -> None:
    write_summary(tmp_path, {"status": "running", "title": "Zähler"})
    write_summary(tmp_path, {"status": "accepted", "at": Path("x"), "odd": "\ud800"})
    assert read_summary(tmp_path) == {"status": "accepted", "at": "x", "odd": "\ufffd"}
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


def test_secrets_are_taken_out(tmp_path: Path) -> None:
    url = "postgresql://bob:hunter2@db/x"
    write_summary(tmp_path, {"spec": {"url": url, "key": "my-own-key-77"}}, secrets=["my-own-key-77"])
    text = (tmp_path / "session.json").read_text()
    assert "hunter2" not in text and "my-own-key-77" not in text


def test_full_disk_keeps_the_old_one(tmp_path: Path) -> None:
    write_summary(tmp_path, {"status": "running"})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    try:
        with pytest.raises(DiskTrouble, match=r"session\.json"):
            write_summary(tmp_path, {"status": "x" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert read_summary(tmp_path) == {"status": "running"}
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


@pytest.mark.parametrize("content", [None, b"", b"{torn", b"[1]", b"\xff"])
def test_missing_or_broken_is_empty(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "session.json").write_bytes(content)
    assert read_summary(tmp_path) == {}
