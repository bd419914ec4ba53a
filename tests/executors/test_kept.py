"""What is kept in the cache can be listed, and cleared away unless somebody uses it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from executors.claims import claim, is_claimed, used_file
from executors.environments import described, environment_folder, lock_file
from executors.kept import UNFINISHED, Kept, kept, prune
from executors.requirements import default_packages

OLD = 40 * 24 * 3600
HOLD = (
    "import sys; from pathlib import Path; from executors.claims import claim; claim(Path(sys.argv[1]));"
    "print('claimed', flush=True); sys.stdin.read()"
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path))
    return tmp_path


def made(folder: Path, packages: tuple[str, ...] = default_packages(), *, old: bool = False) -> Path:
    """Something that looks like a finished environment."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").write_text("python")
    listed = ", ".join(f'"{package}"' for package in packages)
    marker = f'{{"version": "3.11.7", "prefixes": ["/usr"], "packages": [{listed}]}}'
    (folder / "devteam-ready.json").write_text(marker)
    lock_file(folder).touch()
    used_file(folder).touch()
    if old:
        os.utime(used_file(folder), (time.time() - OLD, time.time() - OLD))
    return folder


def names(rows: list[Kept]) -> set[str]:
    return {row.folder.name for row in rows}


def test_what_is_kept_is_told_with_what_it_holds(cache: Path) -> None:
    made(cache / "environments/new", (*default_packages(), "humanize>=4"))
    made(cache / "environments/old", ("small==1.0",), old=True)
    (cache / "mypy/key").mkdir(parents=True)
    (cache / "mypy/key/about.txt").write_text("mypy 2.4.1")
    first, second, third = kept()
    assert first.holds == "Python 3.11.7, the default packages, humanize>=4"
    assert (second.holds, round(second.idle_days), second.in_use) == ("Python 3.11.7, 1 packages", 40, False)
    assert (third.kind, third.holds, third.size) == ("mypy's cache", "mypy 2.4.1", 10)
    assert not used_file(third.folder).exists(), "to look is no use"


def test_what_was_not_used_lately_is_cleared_away_with_its_locks(cache: Path) -> None:
    new, old = made(cache / "environments/new"), made(cache / "environments/old", old=True)
    assert names(prune(30)) == {"old"}
    assert new.exists()
    assert not any(place.exists() for place in (old, lock_file(old), used_file(old)))


def test_what_is_needed_now_stays(cache: Path) -> None:
    old = made(cache / "environments/old", old=True)
    assert prune(0, keep=[old]) == []


def test_what_another_process_uses_stays_until_that_has_ended(cache: Path) -> None:
    folder = made(cache / "environments/old", old=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as user:
        assert user.stdout is not None
        user.stdout.readline()
        assert is_claimed(folder)
        assert prune(0) == []
        user.kill()
    assert names(prune(0)) == {"old"}


def test_what_never_was_finished_goes_at_once_unless_it_is_being_built(cache: Path) -> None:
    (cache / "environments/half/bin").mkdir(parents=True)
    (cache / "images/.unfinished-x").mkdir(parents=True)
    assert {row.holds for row in kept()} == {UNFINISHED}
    assert names(prune(30)) == {"half", ".unfinished-x"}


def test_a_claim_counts_as_use_even_before_the_folder_is_there(cache: Path) -> None:
    folder = cache / "environments/building"
    claim(folder)
    (folder / "bin").mkdir(parents=True)
    assert prune(0) == []


def test_links_are_neither_followed_nor_counted(cache: Path, tmp_path: Path) -> None:
    (cache / "environments").mkdir()
    (cache / "environments/link").symlink_to(tmp_path)
    assert kept() == []


def test_a_claim_waits_for_nobody_who_only_looks_and_survives_a_removed_lock(cache: Path) -> None:
    folder = made(cache / "environments/again", old=True)
    prune(0)
    made(folder)
    claim(folder)
    assert is_claimed(folder)
    assert described(folder) is not None


def test_a_cache_that_cannot_be_written_can_still_be_used(cache: Path) -> None:
    (cache / "environments").write_text("no folder")
    claim(environment_folder()[0])
    assert kept() == []
