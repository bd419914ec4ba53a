"""The workspace is lent to the user that code in a container runs as."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from executors import SandboxUnavailable
from executors.daemon import connect
from executors.ownership import SANDBOX_USER, lent, require_lending, user_of_code

PROJECT = Path(__file__).resolve().parents[2]
OPEN = """
import sys
from executors import SandboxUnavailable, open_executor
try:
    with open_executor(sys.argv[1], work_dir=sys.argv[2]) as executor:
        print(executor.tier, executor.run(["touch", "made"]).exit_code)
except SandboxUnavailable as refusal:
    print(refusal)
"""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: others own what their code makes")


def owner(path: Path) -> int:
    return path.lstat().st_uid


def test_code_never_runs_as_root() -> None:
    assert user_of_code()[0] == (os.geteuid() or SANDBOX_USER)


@root_only
def test_files_are_lent_and_come_back_with_what_was_made(tmp_path: Path) -> None:
    (tmp_path / "ours" / "deep").mkdir(parents=True)
    (tmp_path / "ours" / "file").touch()
    (tmp_path / "theirs").touch()
    os.chown(tmp_path / "theirs", 1234, 1235)
    with lent(tmp_path):
        assert {owner(path) for path in (tmp_path, *tmp_path.rglob("*"))} == {SANDBOX_USER}
        (tmp_path / "made").touch()
        os.chown(tmp_path / "made", SANDBOX_USER, SANDBOX_USER)
    assert {owner(tmp_path / name) for name in (".", "ours", "ours/deep", "ours/file", "made")} == {0}
    assert (owner(tmp_path / "theirs"), (tmp_path / "theirs").stat().st_gid) == (1234, 1235)


@root_only
def test_nothing_outside_changes_its_owner(tmp_path: Path) -> None:
    """Neither through links to files and folders, nor by a second name."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    (outside / "folder").mkdir(parents=True)
    (outside / "file").touch()
    root.mkdir()
    (root / "link").symlink_to(outside / "file")
    (root / "folder").symlink_to(outside / "folder")
    (root / "second name").hardlink_to(outside / "file")
    with lent(root):
        assert {owner(path) for path in (outside, *outside.rglob("*"))} == {0}
        assert owner(root / "link") == SANDBOX_USER
    assert {owner(path) for path in root.rglob("*")} == {0}


@root_only
def test_what_a_killed_host_left_lent_comes_back(tmp_path: Path) -> None:
    (tmp_path / "left").touch()
    os.chown(tmp_path / "left", SANDBOX_USER, SANDBOX_USER)
    with lent(tmp_path):
        pass
    assert owner(tmp_path / "left") == 0


@root_only
def test_what_cannot_be_lent_stays_as_it_is_and_the_rest_comes_back(tmp_path: Path) -> None:
    fixed, other = tmp_path / "fixed", tmp_path / "other"
    fixed.touch()
    other.touch()
    if subprocess.run(["chattr", "+i", fixed], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs chattr and a file system that knows immutable files")
    try:
        with lent(tmp_path):
            assert (owner(fixed), owner(other)) == (0, SANDBOX_USER)
        assert owner(other) == 0
    finally:
        subprocess.run(["chattr", "-i", fixed], check=True)


@root_only
def test_a_read_only_folder_cannot_be_lent() -> None:
    with pytest.raises(SandboxUnavailable, match="cannot be lent") as refusal:
        require_lending(Path("/proc/sys"))
    assert "--executor local" in refusal.value.mend


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare, of util-linux")
class TestWhereUsersAreMapped:
    """As in a rootless container that was handed the daemon's socket: 65531 is nobody there."""

    def opened(self, name: str, work_dir: Path, before: str = "") -> str:
        try:
            connect().close()
        except SandboxUnavailable as missing:
            pytest.skip(str(missing))
        enter = ["unshare", "--user", "--map-root-user", "sh", "-c", f'{before} exec "$@"', "sh"]
        done = subprocess.run(
            [*enter, sys.executable, "-c", OPEN, name, str(work_dir)],
            cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.stderr.startswith("unshare:"):
            pytest.skip(f"no user namespace can be made here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_docker_is_refused_with_a_mend(self, tmp_path: Path) -> None:
        said = self.opened("docker", tmp_path)
        assert "users are mapped here" in said
        assert "--executor local" in said

    def test_auto_goes_on_to_the_next_tier(self, tmp_path: Path) -> None:
        forbid = "echo 0 > /proc/sys/user/max_user_namespaces &&"
        said = self.opened("auto", tmp_path, forbid)
        assert said.startswith("Landlock ABI") or "Landlock" in said
        assert "users are mapped here" in said or said.endswith(" 0\n")
        assert Path(tmp_path / "made").exists() == said.startswith("Landlock ABI")
