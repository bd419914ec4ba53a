import os
from pathlib import Path

from executors.scan import scan


def test_changes_are_found_by_path(tmp_path: Path) -> None:
    (tmp_path / "gone").write_text("1")
    (tmp_path / "same").write_text("1")
    before = scan(tmp_path)
    (tmp_path / "gone").unlink()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "new").write_text("1")
    assert scan(tmp_path).changed_since(before) == ("d/new", "gone")


def test_a_file_with_its_old_size_and_time_was_still_changed(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("1")
    status = file.stat()
    before = scan(tmp_path)
    file.write_text("2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert scan(tmp_path).changed_since(before) == ("f",)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "out").symlink_to("/")
    assert sorted(scan(tmp_path).entries) == ["loop", "out"]


def test_hard_links_take_room_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    alone = scan(tmp_path).disk_bytes
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert scan(tmp_path).disk_bytes == alone


def test_names_that_are_no_text_are_written_out(tmp_path: Path) -> None:
    before = scan(tmp_path)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).touch()
    (changed,) = scan(tmp_path).changed_since(before)
    assert changed.encode()


def test_scan_stops_when_enough_is_known(tmp_path: Path) -> None:
    for folder in range(20):
        (tmp_path / str(folder)).mkdir()
        for file in range(20):
            (tmp_path / str(folder) / str(file)).touch()
    assert 20 < len(scan(tmp_path, at_most=50).entries) < 100


def test_missing_folder_is_empty(tmp_path: Path) -> None:
    assert scan(tmp_path / "nowhere").entries == {}
