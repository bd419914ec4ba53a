"""The sandbox's interpreter environment: made once, addressed by its content, read-only when used.

An environment is a virtual environment in the user's cache folder. Its folder is named by a digest of
its packages and its interpreter. It is built in place (virtual environments cannot be moved) under a
lock, and counts as finished only when its marker file is there, which is written last.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from executors.cache import cache_dir
from executors.errors import EnvironmentUnavailable
from executors.interpreter import Interpreter, probed_interpreter

Progress = Callable[[str], None]

_STACK = Path(__file__).with_name("stack.txt")
_LAYOUT = "1"  # part of the digest: raise it when the way of building changes
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?:\[[A-Za-z0-9._, -]+\])?"
    r"\s*(?:(?:[<>=!~]=?|===?)\s*[A-Za-z0-9.*+!_-]+(?:\s*,\s*|$))*"
)


class _Marker(BaseModel):
    """What is written into a finished environment."""

    version: str
    prefixes: tuple[Path, ...]
    packages: tuple[str, ...]


def default_packages() -> tuple[str, ...]:
    """The pinned packages of the default environment, as `name==version`, sorted."""
    lines = (line.split("#")[0].strip() for line in _STACK.read_text().splitlines())
    return tuple(sorted(filter(None, lines), key=str.lower))


def with_packages(packages: Sequence[str]) -> tuple[str, ...]:
    """The default packages together with the given requirements, which win over a default of their name.

    Raises:
        EnvironmentUnavailable: something is no plain requirement (options, paths and addresses are not).
    """
    wanted = {_name(package): package.strip() for package in packages}
    kept = {_name(package): package for package in default_packages()}
    return tuple(sorted({**kept, **wanted}.values(), key=str.lower))


def environment(packages: Sequence[str] = (), progress: Progress | None = None) -> Interpreter:
    """The interpreter of the environment with the default and the given packages, built at first need.

    Args:
        packages: requirements to add, such as `"requests>=2.32"`.
        progress: told in one line what is being done, while building.

    Raises:
        EnvironmentUnavailable: it cannot be built, for instance because there is no network.
    """
    folder, ready = environment_folder(packages)
    return ready or build_environment(folder, with_packages(packages), progress)


def build_environment(folder: Path, packages: Sequence[str], progress: Progress | None = None) -> Interpreter:
    """Make an environment with exactly these packages, unless it is there by the time it is our turn.

    Raises:
        EnvironmentUnavailable: it cannot be built.
    """
    say = progress or (lambda _line: None)
    with _locked(folder, say):
        ready = _finished(folder)  # another process may have built it while this one waited
        return ready or _build(folder, packages, say)


def environment_folder(packages: Sequence[str] = ()) -> tuple[Path, Interpreter | None]:
    """Where the environment with the given packages lies, and its interpreter once it is made.

    Raises:
        EnvironmentUnavailable: something is no plain requirement.
    """
    folder = cache_dir() / "environments" / _digest(with_packages(packages))
    return folder, _finished(folder)


def _name(package: str) -> str:
    match = _REQUIREMENT.fullmatch(package.strip())
    if match is None:
        raise EnvironmentUnavailable(
            f"{package!r} is no package requirement", "write it as NAME or NAME==VERSION"
        )
    return re.sub(r"[-_.]+", "-", match["name"]).lower()


def _digest(packages: Iterable[str]) -> str:
    base = Path(sys.base_prefix).resolve()
    lines = [_LAYOUT, sys.implementation.name, sys.version, str(base), *packages]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:20]


def _marker(folder: Path) -> Path:
    return folder / "devteam-ready.json"


def _finished(folder: Path) -> Interpreter | None:
    """The environment in the folder, if it is whole and its base interpreter is still there."""
    python = folder / "bin" / "python"
    try:
        marker = _Marker.model_validate_json(_marker(folder).read_bytes())
    except (OSError, ValidationError):
        return None
    if not python.exists():
        return None
    return Interpreter(python, marker.prefixes, marker.version)


@contextmanager
def _locked(folder: Path, say: Progress) -> Iterator[None]:
    """Hold the lock on building this folder; it is let go of when the process dies."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = folder.with_suffix(".lock").open("w")
    except OSError as error:
        raise EnvironmentUnavailable(
            f"the cache folder {folder.parent} cannot be written ({error.strerror})",
            "make it writable, or name another one in DEVTEAM_CACHE_DIR",
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that is making the sandbox's Python environment")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(folder: Path, packages: Sequence[str], say: Progress) -> Interpreter:
    say(f"making the sandbox's Python environment ({len(packages)} packages, only once)")
    if folder.exists():  # left over from a build that was interrupted
        shutil.rmtree(folder)
    python = folder / "bin" / "python"
    pip = _make_venv(folder, python)
    _install(pip, packages, say)
    say("compiling the packages of the sandbox's Python environment")
    # Some packages ship files for other Python versions that do not compile: that is no failure.
    _run([str(python), "-m", "compileall", "-q", "-j", "0", str(folder / "lib")])
    made = probed_interpreter(python)
    marker = _Marker(version=made.version, prefixes=made.prefixes, packages=tuple(packages))
    unfinished = _marker(folder).with_suffix(".tmp")
    unfinished.write_text(marker.model_dump_json(indent=1))
    unfinished.replace(_marker(folder))
    say("the sandbox's Python environment is ready")
    return made


def _make_venv(folder: Path, python: Path) -> list[str]:
    """Make the virtual environment; the answer is the command of a pip that installs into it."""
    with_own_pip = _run([sys.executable, "-m", "pip", "--version"])
    venv = [sys.executable, "-m", "venv", *(["--without-pip"] if with_own_pip else []), str(folder)]
    if not _run(venv):
        raise EnvironmentUnavailable(
            "a virtual environment cannot be made: this Python has neither pip nor ensurepip",
            "install them (Debian, Ubuntu: apt install python3-venv), or name an interpreter with --python",
        )
    if with_own_pip:
        return [sys.executable, "-m", "pip", "--python", str(python)]
    return [str(python), "-m", "pip"]


def _install(pip: list[str], packages: Sequence[str], say: Progress) -> None:
    options = ["--only-binary", ":all:", "--no-compile", "--no-input", "--disable-pip-version-check"]
    command = [*pip, "install", *options, *packages]
    last: deque[str] = deque(maxlen=6)
    done = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=_environ()
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                last.append(line.strip())
                if line.startswith("Collecting "):
                    done += 1
                    say(f"fetching {line.split()[1]} ({done} of {len(packages)} or more)")
                elif line.startswith("Installing "):
                    say("installing the packages")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        errors = [line for line in last if line.startswith("ERROR")] or list(last)
        raise EnvironmentUnavailable(
            f"the sandbox's Python environment could not be made: {errors[-1] if errors else 'pip failed'}",
            "connect to the network once and check the packages, or name an interpreter with --python",
        )


def _run(command: list[str]) -> bool:
    """Whether the command ended well."""
    return subprocess.run(command, capture_output=True, env=_environ(), check=False).returncode == 0


def _environ() -> dict[str, str]:
    """Our environment (proxies, package index, certificates) without what bends Python's imports."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
