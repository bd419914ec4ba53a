"""Makes a virtual environment with packages, by our own pip, from wheels alone: no code of theirs runs."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from executors.errors import EnvironmentUnavailable

Progress = Callable[[str], None]

_NO_ROOM = os.strerror(errno.ENOSPC)
_NOT_REACHED = ("connection broken", "NewConnectionError", "Name or service not known")
_PIP = ("--only-binary", ":all:", "--no-compile", "--no-input", "--disable-pip-version-check")
_ASKING = ("--retries", "2", "--timeout", "15")


def make(folder: Path, packages: Sequence[str], say: Progress, *, lock: int) -> Path:
    """Make the environment in a folder that is not there; the answer is its interpreter.

    Args:
        folder: where; nothing of it is left when that fails.
        packages: requirements.
        say: told in one line what is being done.
        lock: a descriptor that the programs which are started hold open: when this process is killed,
            its lock lasts until the last of them has ended.

    Raises:
        EnvironmentUnavailable: it cannot be made.
    """
    try:
        python = folder / "bin" / "python"
        _install(_make_venv(folder, python, lock), packages, say, lock)
        say("compiling the packages of the sandbox's Python environment")
        # Some packages ship files for other Python versions that do not compile: that is no failure.
        _run([str(python), "-m", "compileall", "-q", "-j", "0", str(folder / "lib")], lock)
        return python
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _make_venv(folder: Path, python: Path, lock: int) -> list[str]:
    """Make the virtual environment; the answer is the command of a pip that installs into it."""
    with_own_pip = not _run([sys.executable, "-m", "pip", "--version"], lock)
    venv = [sys.executable, "-m", "venv", *(["--without-pip"] if with_own_pip else []), str(folder)]
    if complaint := _run(venv, lock):
        _raise_for_room(complaint, folder)
        raise EnvironmentUnavailable(
            "a virtual environment cannot be made: this Python has neither pip nor ensurepip",
            "install them (Debian, Ubuntu: apt install python3-venv), or name an interpreter with --python",
        )
    if with_own_pip:
        return [sys.executable, "-m", "pip", "--python", str(python)]
    return [str(python), "-m", "pip"]


def _install(pip: list[str], packages: Sequence[str], say: Progress, lock: int) -> None:
    command = [*pip, "install", *_PIP, *_ASKING, *packages]
    last: deque[str] = deque(maxlen=40)
    done = 0
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_environ(),
        pass_fds=(lock,),
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
        raise _failure(list(last), packages)


def _failure(said: Sequence[str], packages: Sequence[str]) -> EnvironmentUnavailable:
    """What pip's last lines mean for a person."""
    text = "\n".join(said)
    _raise_for_room(text, None)
    errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")] or list(said)
    problem = f"the sandbox's Python environment could not be made: {errors[-1] if errors else 'pip failed'}"
    if any(words in text for words in _NOT_REACHED):
        return EnvironmentUnavailable(
            f"{problem} (the package index cannot be reached)",
            "connect to the network once, or name an interpreter with --python",
        )
    return EnvironmentUnavailable(
        problem,
        "check the names and versions of the packages; one that has no wheel can be built with `pip wheel`, "
        "and found through PIP_FIND_LINKS; without network, connect once or use --python",
    )


def _raise_for_room(said: str, folder: Path | None) -> None:
    if _NO_ROOM in said:
        place = f" in {folder.parent}" if folder else ""
        raise EnvironmentUnavailable(
            f"there is no room for the sandbox's Python environment{place}",
            "make room (`devteam doctor --prune` clears old ones away), or name one in DEVTEAM_CACHE_DIR",
        )


def _run(command: list[str], lock: int) -> str:
    """What the command complained about; empty when it ended well."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        env=_environ(),
        stdin=subprocess.DEVNULL,
        pass_fds=(lock,),
        check=False,
    )
    return (done.stderr + done.stdout or "it failed") if done.returncode else ""


def _environ() -> dict[str, str]:
    """Our environment (proxies, package index, certificates) without what bends Python's imports."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
