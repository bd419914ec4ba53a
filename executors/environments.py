"""The sandbox's interpreter environment: made once, addressed by its content, read-only when used.

An environment is a virtual environment in the user's cache folder. Its folder is named by a digest of
its packages and its interpreter. It is built in place (virtual environments cannot be moved) under a
lock, and counts as finished only when its marker file is there, which is written last. Whoever uses one
claims it, so that `devteam doctor --prune` leaves it alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from executors.cache import cache_dir
from executors.claims import claim
from executors.errors import EnvironmentUnavailable
from executors.interpreter import Interpreter, probed_interpreter
from executors.making import Progress, make
from executors.requirements import default_packages, with_packages

_LAYOUT = "1"  # part of the digest: raise it when the way of building changes


class _Marker(BaseModel):
    """What is written into a finished environment."""

    version: str
    prefixes: tuple[Path, ...]
    packages: tuple[str, ...]


def environment(packages: Sequence[str] = (), progress: Progress | None = None) -> Interpreter:
    """The interpreter of the environment with the default and the given packages, built at first need.

    Args:
        packages: requirements to add, such as `"requests>=2.32"`.
        progress: told in one line what is being done, while building.

    Raises:
        EnvironmentUnavailable: it cannot be built, for instance because there is no network.
    """
    wanted = with_packages(packages)
    return build_environment(_folder_of(wanted), wanted, progress)


def build_environment(folder: Path, packages: Sequence[str], progress: Progress | None = None) -> Interpreter:
    """Claim the environment with exactly these packages, and make it unless it is there.

    Raises:
        EnvironmentUnavailable: it cannot be built.
    """
    say = progress or (lambda _line: None)
    claim(folder)
    ready = _finished(folder)
    if ready is not None:
        return ready
    with _locked(folder, say) as lock:
        ready = _finished(folder)  # another process may have built it while this one waited
        return ready or _build(folder, packages, say, lock)


def environment_folder(packages: Sequence[str] = ()) -> tuple[Path, Interpreter | None]:
    """Where the environment with the given packages lies, and its interpreter once it is made.

    Raises:
        EnvironmentUnavailable: something is no plain requirement.
    """
    folder = _folder_of(with_packages(packages))
    return folder, _finished(folder)


def described(folder: Path) -> str | None:
    """What a finished environment has, in one line; None for another folder."""
    if _finished(folder) is None:
        return None
    marker = _read_marker(folder)
    default = set(default_packages())
    if not default <= set(marker.packages):
        return f"Python {marker.version}, {len(marker.packages)} packages"
    added = [package for package in marker.packages if package not in default]
    return ", ".join([f"Python {marker.version}", "the default packages", *added])


def lock_file(folder: Path) -> Path:
    """The file that is locked while the environment is being built."""
    return folder.with_name(f"{folder.name}.lock")


def _folder_of(packages: Iterable[str]) -> Path:
    return cache_dir() / "environments" / _digest(packages)


def _digest(packages: Iterable[str]) -> str:
    base = Path(sys.base_prefix).resolve()
    lines = [_LAYOUT, sys.implementation.name, sys.version, str(base), *packages]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:20]


def _marker(folder: Path) -> Path:
    return folder / "devteam-ready.json"


def _read_marker(folder: Path) -> _Marker:
    return _Marker.model_validate_json(_marker(folder).read_bytes())


def _finished(folder: Path) -> Interpreter | None:
    """The environment in the folder, if it is whole and its base interpreter is still there."""
    python = folder / "bin" / "python"
    try:
        marker = _read_marker(folder)
    except (OSError, ValidationError):
        return None
    if not python.exists():
        return None
    return Interpreter(python, marker.prefixes, marker.version)


@contextmanager
def _locked(folder: Path, say: Progress) -> Iterator[int]:
    """Hold the lock on building this folder; it is let go of when all that build have ended."""
    with _writable(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = lock_file(folder).open("w")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that is making the sandbox's Python environment")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


def _build(folder: Path, packages: Sequence[str], say: Progress, lock: int) -> Interpreter:
    say(f"making the sandbox's Python environment ({len(packages)} packages, only once)")
    with _writable(folder):
        if folder.exists():  # left over from a build that was killed
            shutil.rmtree(folder)
    made = probed_interpreter(make(folder, packages, say, lock=lock))
    marker = _Marker(version=made.version, prefixes=made.prefixes, packages=tuple(packages))
    with _writable(folder):
        unfinished = _marker(folder).with_suffix(".tmp")
        unfinished.write_text(marker.model_dump_json(indent=1))
        unfinished.replace(_marker(folder))
    say("the sandbox's Python environment is ready")
    return made


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentUnavailable(
            f"the cache folder {folder.parent} cannot be written ({error.strerror})",
            "make it writable, or name another one in DEVTEAM_CACHE_DIR",
        ) from error
