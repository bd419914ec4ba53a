import io
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from executors import EnvironmentUnavailable
from executors.environments import build_environment, environment, environment_folder
from executors.interpreter import Interpreter
from executors.requirements import default_packages, plain_requirement, with_packages

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
    "package",
    ["x" * 300, "a\n--index-url=x", "--index-url=x", "./local", "git+https://x", "a @ file:///x", "a; b", ""],
)
def test_what_is_no_plain_requirement_is_refused(package: str) -> None:
    with pytest.raises(EnvironmentUnavailable, match="no package requirement"):
        with_packages([package])


def test_a_plain_requirement_is_taken_as_it_is() -> None:
    assert plain_requirement(" Requests[socks] >=2.32, <3 ") == "Requests[socks] >=2.32, <3"


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
    assert "check the names" in refusal.value.mend
    folder, finished = environment_folder(["no-such-package"])
    assert finished is None
    assert not folder.exists(), "what failed takes no room"
    assert said


def test_an_index_that_cannot_be_reached_is_told_from_a_wrong_name(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(EnvironmentUnavailable, match="cannot be reached") as refusal:
        build_environment(offline / "environment", ["no-such-package"])
    assert "connect to the network" in refusal.value.mend


def test_a_package_without_a_wheel_is_not_built(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building one would run its own code, unconfined."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(offline))
    with tarfile.open(offline / "evil-1.0.tar.gz", "w:gz") as source:
        setup = f"open({str(offline / 'ran')!r}, 'w')\n".encode()
        entry = tarfile.TarInfo("evil-1.0/setup.py")
        entry.size = len(setup)
        source.addfile(entry, io.BytesIO(setup))
    with pytest.raises(EnvironmentUnavailable, match="evil") as refusal:
        build_environment(offline / "environment", ["evil"])
    assert "pip wheel" in refusal.value.mend
    assert not (offline / "ran").exists()


def test_a_build_that_is_killed_is_made_anew_once_all_of_it_has_ended(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kill -9` leaves pip behind, which still writes: the lock lasts as long as it does."""
    make_wheel(offline)
    monkeypatch.setenv("PIP_FIND_LINKS", str(offline))
    folder = offline / "environment"
    program = (
        "import sys; from pathlib import Path; from executors.environments import build_environment\n"
        "build_environment(Path(sys.argv[1]), ['small==1.0'], lambda line: print(line, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", program, folder], stdout=subprocess.PIPE) as builder:
        assert builder.stdout is not None
        builder.stdout.readline()
        while not (folder / "pyvenv.cfg").exists():
            time.sleep(0.002)
        builder.kill()
    made = build_environment(folder, ["small==1.0"])
    assert subprocess.run([made.executable, "-c", "import small"], check=False).returncode == 0


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
