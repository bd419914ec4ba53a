"""Temporary folders of ours go with the process that made them, at the latest when the next one starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from executors.scratch import ScratchFolder, remove_leftovers

PROJECT = Path(__file__).resolve().parents[2]
HELD = """
import sys, time
from executors.scratch import ScratchFolder
folders = [ScratchFolder(kind) for kind in ("gates", "warm", "run-1")]
(folders[0].path / "closed" / "deep").mkdir(parents=True)
(folders[0].path / "closed").chmod(0)
print(*(folder.path for folder in folders), flush=True)
time.sleep(60)
"""
OPENED = """
import sys
from executors import open_tools
with open_tools(sys.argv[1], name="unconfined") as tools:
    print(tools.run(["true"]).ok)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def grow_old(folder: Path) -> None:
    os.utime(folder, (time.time() - 3600,) * 2)


def test_a_folder_goes_at_the_end_whatever_is_in_it() -> None:
    with ScratchFolder("tests") as folder:
        (folder / "closed" / "deep").mkdir(parents=True)
        (folder / "closed").chmod(0)
        assert folder.name.startswith("devteam-tests-")
    assert not folder.exists()


def test_removing_twice_and_after_somebody_else_is_fine() -> None:
    scratch = ScratchFolder("warm")
    scratch.path.rmdir()
    scratch.remove()
    scratch.remove()


def test_what_it_is_for_must_be_known() -> None:
    with pytest.raises(ValueError, match="'anything'"):
        ScratchFolder("anything")


def test_leftovers_of_a_killed_process_go_when_the_next_one_starts(place: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HELD], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        folders = [Path(name) for name in holder.stdout.readline().split()]
        for folder in folders:
            grow_old(folder)
        opened(tmp_path)
        assert all(folder.exists() for folder in folders)  # while it lives
        holder.send_signal(signal.SIGKILL)
    for folder in folders:
        grow_old(folder)
    opened(tmp_path)
    assert not any(folder.exists() for folder in folders)


def opened(work_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENED, str(work_dir)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_nothing_else_is_taken_for_a_leftover(place: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    kept = [outside, place / "devteam-other-x", place / "gates-x", place / "devteam-gates", tmp_path / "y"]
    for folder in kept:
        folder.mkdir()
    file, link = place / "devteam-gates-file", place / "devteam-gates-link"
    file.touch()
    link.symlink_to(outside)
    fresh = place / "devteam-gates-fresh"
    fresh.mkdir()
    for path in (*kept, file):
        grow_old(path)
    done = subprocess.run(
        [sys.executable, "-c", "from executors.scratch import *; print(remove_leftovers())"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "()\n"
    assert all(path.exists() for path in (*kept, file, link, fresh))


def test_they_are_looked_for_once_in_a_process() -> None:
    assert remove_leftovers() is remove_leftovers()
