"""The Docker executor: code runs in a hardened container that stays warm between runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from executors import bubblewrap
from executors.base import Limits, Outcome, Reported
from executors.confinement import WORKSPACE, View
from executors.container import Shape, WarmContainer
from executors.daemon import connect, reap
from executors.errors import EnvironmentUnavailable
from executors.following import Following, job_for
from executors.image import Image, find_image
from executors.image_packages import interpreter_for_types
from executors.interpreter import Interpreter
from executors.ownership import lent, require_lending, user_of_code
from executors.running import WorkspaceExecutor
from executors.scan import Snapshot
from executors.selftest import check_confinement
from executors.supervisor import Output, Report
from executors.workspace import WorkspaceWatch

if TYPE_CHECKING:
    from docker import DockerClient


_SEEN = ("sees other processes",)
"""By design: those of ours that hold the container and serve in it."""


@dataclass(frozen=True)
class Settings:
    """What an executor over another folder shares with this one."""

    client: DockerClient
    image: Image
    limits: Limits
    readable: tuple[Path, ...] = ()


class DockerExecutor(WorkspaceExecutor):
    """Runs code in a container of its own, started at the first run and replaced when anything is odd.

    Runs of one executor take turns.
    """

    name = "docker"
    cache = None
    workspace = WORKSPACE

    def __init__(self, settings: Settings, work_dir: Path, *, owns_client: bool = False) -> None:
        super().__init__(work_dir, settings.limits)
        self._owns_client = owns_client
        self.tier = f"Docker {settings.image.engine} ({settings.image.name}; no network, seccomp, cgroups)"
        self._settings = settings
        self._turn = threading.Lock()
        self._warm: WarmContainer | None = None

    @cached_property
    def interpreter(self) -> Interpreter:  # type: ignore[override]
        """An interpreter of this machine that sees the image's packages: for tools, which run out here.

        Raises:
            SandboxUnavailable: they could not be fetched from the image.
        """
        return interpreter_for_types(self._settings.client, self._settings.image)

    def over(self, work_dir: Path) -> DockerExecutor:
        """The same sandbox over another folder, in a container of its own."""
        return DockerExecutor(self._settings, work_dir.resolve())

    def _run(self, argv: Sequence[str], stdin: bytes, limits: Limits, report: Report | None) -> Outcome:
        with self._turn, lent(self.work_dir):
            watch = WorkspaceWatch(self.work_dir, limits)
            container = self._container(limits, watch.before)
            output = Output(limits.output_bytes)
            reused = False
            try:
                following = Following(container, watch, limits, output, report)
                ending = following.run(job_for(container, argv, stdin, limits, report is not None))
                reused = following.clean
            finally:
                if not reused:  # also when Ctrl-C interrupts us
                    self._let_go()
            return self._outcome(ending, output.text(), watch)

    def _container(self, limits: Limits, before: Snapshot) -> WarmContainer:
        """The warm one, if it is what this run needs; else a new one."""
        shape = Shape(
            image=self._settings.image,
            work_dir=self.work_dir,
            protected=bubblewrap.repositories(self.work_dir, list(before.entries)),
            readable=self._settings.readable,
            user=user_of_code(),
            network=limits.network,
            memory_mb=limits.memory_mb,
            processes=limits.processes,
            files=limits.files,
        )
        if self._warm is not None and (self._warm.shape != shape or not self._warm.is_ready()):
            self._let_go()
        if self._warm is None:
            self._warm = WarmContainer(self._settings.client, shape, _session_of(self.work_dir))
        return self._warm

    def _let_go(self) -> None:
        if self._warm is not None:
            self._warm.close()
            self._warm = None

    def restart(self) -> None:
        """Forget all state between runs: the next one has a new container."""
        with self._turn:
            self._let_go()

    def close(self) -> None:
        """Remove the container; safe to call twice."""
        self.restart()
        if self._owns_client:
            self._settings.client.close()


def open_docker(
    work_dir: Path,
    limits: Limits,
    *,
    image: str | None = None,
    packages: Sequence[str] = (),
    python: Path | None = None,
    readable: Sequence[Path] = (),
) -> DockerExecutor:
    """Open an executor in Docker over a workspace, once its confinement has been tried.

    Args:
        work_dir: the workspace, an existing folder.
        limits: of every run that brings none of its own.
        image: an image with a python3 that has pytest; default: ours.
        packages: requirements that ours was built with.
        python: refused, as it names an interpreter of this machine.
        readable: further files and folders that code may read, at their own paths.

    Raises:
        SandboxUnavailable: the daemon does not answer, the image is not there, or it does not confine.
        EnvironmentUnavailable: the interpreter or the packages cannot be had there.
    """
    if python is not None:
        raise EnvironmentUnavailable(
            f"{python} is an interpreter of this machine, not of a container",
            "leave out --python, or name an image that has it with --image",
        )
    client = connect()
    try:
        found = find_image(client, image, packages)
        settings = Settings(client, found, limits, tuple(readable))

        def run(view: View, limits: Limits, command: list[str]) -> Reported:
            with DockerExecutor(replace(settings, limits=limits, readable=()), view.work_dir) as trial:
                return trial.run_reporting(command)

        require_lending(work_dir)
        reap(client)
        check_confinement("Docker", [found], run, expected=_SEEN)
        return DockerExecutor(settings, work_dir, owns_client=True)
    except BaseException:
        client.close()
        raise


def _session_of(work_dir: Path) -> str:
    """The session's name, for people who look at containers."""
    return work_dir.parent.name if work_dir.name == "files" else work_dir.name
