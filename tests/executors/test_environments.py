import os
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from executors import EnvironmentUnavailable
from executors.environments import (
    build_environment,
    default_packages,
    environment,
    environment_folder,
    with_packages,
)
from executors.interpreter import Interpreter

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder on a machine without network."""
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(tmp_path))
    for name, value in OFFLINE.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_default_packages_are_pinned() -> None:
    assert all(package.count("==") == 1 for package in default_packages())
    names = {package.split("==")[0].lower() for package in default_packages()}
    assert {"fastapi", "sqlalchemy", "alembic", "pandas", "pandera", "pytest", "hypothesis"} <= names


def test_packages_are_added_and_win_over_defaults() -> None:
    packages = with_packages(["FastAPI==0.100.0", "left_pad>=1,<2"])
    assert [package for package in packages if package.lower().startswith("fastapi")] == ["FastAPI==0.100.0"]
    assert "left_pad>=1,<2" in packages


@pytest.mark.parametrize(
    "package", ["--index-url=x", "./local", "git+https://x", "a @ file:///x", "a; b", ""]
)
def test_what_is_no_plain_requirement_is_refused(package: str) -> None:
    with pytest.raises(EnvironmentUnavailable, match="no package requirement"):
        with_packages([package])


def test_same_packages_lie_in_the_same_folder(offline: Path) -> None:
    folder, ready = environment_folder(["a", "b"])
    assert folder.is_relative_to(offline)
    assert ready is None
    assert environment_folder(["b", "a"])[0] == folder
    assert environment_folder(["a"])[0] != folder


def test_failed_build_is_never_taken_for_finished(offline: Path) -> None:
    said: list[str] = []
    with pytest.raises(EnvironmentUnavailable, match="could not be made") as refusal:
        environment(["no-such-package"], said.append)
    assert "network" in refusal.value.mend
    assert environment_folder(["no-such-package"])[1] is None
    assert said


def test_cache_that_cannot_be_written_is_named(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (offline / "file").touch()
    monkeypatch.setenv("DEVTEAM_CACHE_DIR", str(offline / "file"))
    with pytest.raises(EnvironmentUnavailable, match="cannot be written") as refusal:
        environment()
    assert "DEVTEAM_CACHE_DIR" in refusal.value.mend


def test_finished_environment_is_used_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    if environment_folder()[1] is None:
        pytest.skip("the default environment has not been made: run `python -m executors`")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    made = environment()
    done = subprocess.run([made.executable, "-c", "import fastapi, pytest"], check=False)
    assert done.returncode == 0


def test_environment_is_built_once_by_two_at_a_time(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over what an interrupted build left, from one small wheel that is made here."""
    make_wheel(offline)
    monkeypatch.setenv("PIP_FIND_LINKS", str(offline))
    folder = offline / "environment"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("interrupted")
    said: list[str] = []

    def build(_: int) -> Interpreter:
        return build_environment(folder, ["small==1.0"], said.append)

    with ThreadPoolExecutor(2) as builders:
        first, second = builders.map(build, range(2))
    assert first == second
    assert sum("is ready" in line for line in said) == 1
    assert subprocess.run([first.executable, "-c", "import small"], check=False).returncode == 0
    assert list(folder.rglob("__pycache__/small*.pyc"))


def make_wheel(folder: Path) -> None:
    about = "small-1.0.dist-info"
    with zipfile.ZipFile(folder / "small-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("small.py", "x = 1\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "small.py,,\n")
