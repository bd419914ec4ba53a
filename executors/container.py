"""A warm container: started once, hardened, and held open by a connection from here.

Two processes of ours live in it, of two users without any privilege: one that holds it open, which no
program in it can signal, and a server that runs the programs (`inside`) as their own user. When this
process ends, however it does, its connections end; then the first one ends, and the container with it.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from executors.confinement import SHIMS, WORKSPACE
from executors.daemon import asking, labels
from executors.errors import EnvironmentUnavailable, SandboxUnavailable
from executors.frames import Frames
from executors.image import Image
from executors.seccomp_profile import profile
from executors.sending import sent
from executors.supervisor import MB, THREADS_PER_PROCESS

if TYPE_CHECKING:
    from docker import DockerClient

OURS_MB = 24
"""What our processes in the container take at most, on top of the code's limit."""
_OUR_PROCESSES = 8
_LONGEST_SECONDS = 24 * 3600
_START_SECONDS = 20.0
_CORES = 2
_HOLDER = 65532
_INSIDE = Path(__file__).with_name("inside")
_SERVER = ("channel", "kernel", "clearing", "run", "serving")
_HOLDING = Path(__file__).with_name("holding.py")
_PYTHON = ("python3", "-I")


@dataclass(frozen=True)
class Shape:
    """What is fixed when a container is started."""

    image: Image
    work_dir: Path
    protected: tuple[str, ...]
    """Paths in the workspace that stay read-only."""
    readable: tuple[Path, ...]
    user: tuple[int, int]
    """The user and group of programs."""
    network: bool
    memory_mb: int
    processes: int
    files: int

    @property
    def tasks(self) -> int:
        """Processes and threads that programs may have."""
        return self.processes * THREADS_PER_PROCESS


@dataclass(frozen=True)
class Facts:
    """The interpreter of a container, as it told itself."""

    python: str
    version: str
    pytest: bool


class WarmContainer:
    """A running container with its server, ready for one run after the other."""

    def __init__(self, client: DockerClient, shape: Shape, session: str) -> None:
        """Start it.

        Raises:
            SandboxUnavailable: the daemon is gone or refused, or the container is not what it must be.
        """
        self.shape = shape
        self._client = client
        self._closed = False
        with asking("a container for the sandbox could not be started"):
            self._container = client.containers.create(shape.image.id, **_options(client, shape, session))
        try:
            with asking("a container for the sandbox could not be started"):
                holding = {"stdin": 1, "stream": 1}
                self._held = client.api.attach_socket(str(self._container.id), params=holding)
                self._container.start()
                self._serving = self._start_server()
            self.frames = Frames(_plain(self._serving))
            self.facts = self._greet()
        except BaseException:
            self.close()
            raise

    def _start_server(self) -> Any:
        user, group = self.shape.user
        command = [*_PYTHON, *sent("devteam_inside", _INSIDE, _SERVER)]
        made = self._client.api.exec_create(self._container.id, command, stdin=True, user=f"{user}:{group}")
        return self._client.api.exec_start(made["Id"], socket=True)

    def _greet(self) -> Facts:
        self.frames.send(b"hello\n")
        said = self.frames.wait_for("h", _START_SECONDS)
        if said is None:
            raise SandboxUnavailable(
                f"the image {self.shape.image.name} does not serve as a sandbox ({self.frames.complaint()})",
                "it needs python3, 3.9 or newer, on its path",
            )
        told = json.loads(said)
        if told["uncounted"]:
            raise SandboxUnavailable(
                f"Docker does not count here what code uses: {', '.join(told['uncounted'])}",
                "enable the memory, pids and cpu control groups of the kernel, or use `--executor local`",
            )
        if not told["pytest"]:
            raise EnvironmentUnavailable(
                f"the Python of the image {self.shape.image.name} has no pytest",
                "install it there, or leave out --image",
            )
        return Facts(told["python"], told["version"], told["pytest"])

    def is_ready(self) -> bool:
        """Whether the server still is on the line."""
        list(self.frames.take(0))
        return not self.frames.ended

    def state(self) -> dict[str, Any]:
        """What the daemon says of it: `Running`, `OOMKilled` and more; empty when it is gone.

        Raises:
            SandboxUnavailable: the daemon does not answer.
        """
        from docker.errors import NotFound

        with asking("the Docker daemon went away while code ran"):
            try:
                self._container.reload()
            except NotFound:
                return {}
            return dict(self._container.attrs["State"])

    def close(self) -> None:
        """Kill it with all that runs in it, and remove it; safe to call twice."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException

        if self._closed:
            return
        try:
            self._container.remove(force=True)
        except APIError:
            pass  # it has ended by itself, and the daemon removes it
        except (DockerException, RequestException, OSError):
            pass  # the daemon is gone: it ends for want of our connection
        for name in ("_held", "_serving"):
            if (held := getattr(self, name, None)) is not None:
                plain = _plain(held)
                held.close()
                plain.close()
        self._closed = True


def _options(client: DockerClient, shape: Shape, session: str) -> dict[str, Any]:
    memory = f"{shape.memory_mb + OURS_MB}m"
    return {
        "entrypoint": [*_PYTHON, "-c", _HOLDING.read_text(), SHIMS, str(_LONGEST_SECONDS)],
        "command": [],
        "user": f"{_holder(shape)}:{_holder(shape)}",
        "hostname": "sandbox",
        "working_dir": WORKSPACE,
        "labels": labels(session),
        "init": True,
        "auto_remove": True,
        "stdin_open": True,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", f"seccomp={profile()}"],
        "network_mode": "bridge" if shape.network else "none",
        "ipc_mode": "private",
        "mem_limit": memory,
        "memswap_limit": memory,
        "pids_limit": shape.tasks + _OUR_PROCESSES,
        "nano_cpus": min(_CORES, client.info()["NCPU"]) * 10**9,
        "mounts": list(_mounts(shape)),
        "tmpfs": _in_memory(shape),
        "log_config": {"type": "none", "config": {}},
        "healthcheck": {"test": ["NONE"]},
    }


def _holder(shape: Shape) -> int:
    """A user that is not the programs'."""
    return _HOLDER if shape.user[0] != _HOLDER else _HOLDER - 1


def _mounts(shape: Shape) -> Iterator[Any]:
    yield _bind(shape.work_dir, WORKSPACE, read_only=False)
    for name in shape.protected:
        yield _bind(shape.work_dir / name, f"{WORKSPACE}/{name}", read_only=True)
    for path in shape.readable:
        yield _bind(path, str(path), read_only=True)


def _bind(source: Path, target: str, *, read_only: bool) -> Any:
    from docker.types import Mount

    mount = Mount(target, str(source), type="bind", read_only=read_only, propagation="rprivate")
    mount["BindOptions"]["NonRecursive"] = True  # what is mounted below would be writable
    return mount


def _in_memory(shape: Shape) -> dict[str, str]:
    """File systems in memory. What an image declares as volumes is shadowed: those would lie on the disk."""
    size = shape.memory_mb * MB // 2
    room = f"rw,nosuid,nodev,exec,size={size},nr_inodes={shape.files + 1000},mode=1777"
    holder = _holder(shape)
    shims = f"rw,nosuid,nodev,noexec,size=4096,nr_inodes=4,mode=755,uid={holder},gid={holder}"
    shadowed = dict.fromkeys(shape.image.volumes, "ro,size=4096,nr_inodes=1")
    return {**shadowed, "/tmp": room, "/dev/shm": room, SHIMS: shims}


def _plain(held: Any) -> socket.socket:
    """The socket below what the SDK gives, which only reads."""
    plain: socket.socket = getattr(held, "_sock", held)
    return plain
