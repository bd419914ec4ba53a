"""The Docker daemon: how it is reached, what went wrong with it, and whose its containers are."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from executors.errors import SandboxUnavailable

if TYPE_CHECKING:
    from docker import DockerClient

_NO_ANSWER = "the Docker daemon does not answer"
OWNER = "devteam.owner"
HOST = "devteam.host"
SESSION = "devteam.session"
MEND = "start Docker (`systemctl start docker`, or Docker Desktop) and see that `docker info` works for you"
_SECONDS = 60
_CONNECTIONS = 2


def connect() -> DockerClient:
    """A client of the daemon that `DOCKER_HOST` or Docker's current context names.

    Raises:
        SandboxUnavailable: none answers, or it maps users so that files would not come back as ours.
    """
    import docker

    with asking(_NO_ANSWER):
        client = docker.DockerClient(
            base_url=_address(), tls=_tls(), version="auto", timeout=_SECONDS, max_pool_size=_CONNECTIONS
        )
        options = client.info().get("SecurityOptions") or []
    for mapped in ("name=rootless", "name=userns"):
        if any(option.startswith(mapped) for option in options):
            client.close()
            raise SandboxUnavailable(
                "this Docker daemon maps users: code could not write its workspace without being root",
                "use `--executor local`, which works where user namespaces do",
            )
    return client


def _address() -> str | None:
    """Where the daemon listens; None: Docker's usual place."""
    from docker.context import ContextAPI

    if given := os.environ.get("DOCKER_HOST"):
        return given
    context = ContextAPI.get_current_context()
    return str(context.Host) if context is not None and context.Host else None


def _tls() -> Any:
    from docker.utils import kwargs_from_env

    return kwargs_from_env().get("tls", False) if os.environ.get("DOCKER_HOST") else False


@contextmanager
def asking(problem: str, mend: str = MEND) -> Iterator[None]:
    """Turn what a conversation with the daemon can fail with into our own error.

    Raises:
        SandboxUnavailable: the daemon is gone, or refused.
    """
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise SandboxUnavailable(f"{problem} ({_said(error)})", mend) from error


def _said(error: BaseException) -> str:
    """What the daemon said, or what the system says of the connection to it, in a line."""
    here: BaseException | None = error
    while here is not None:
        if isinstance(here, OSError) and here.strerror:
            return here.strerror
        here = here.__cause__ or here.__context__
    return " ".join(str(getattr(error, "explanation", None) or error).split())[:300]


def labels(session: str) -> dict[str, str]:
    """What marks a container as one of this process."""
    return {SESSION: session, OWNER: _owner(os.getpid()), HOST: _host()}


def reap(client: DockerClient) -> list[str]:
    """Remove the containers of processes of this machine that are gone; their names.

    A container normally ends with its owner's connection. This is for those whose daemon was away then.
    """
    from docker.errors import DockerException

    removed = []
    with asking(_NO_ANSWER):
        found = client.containers.list(all=True, filters={"label": f"{HOST}={_host()}"}, ignore_removed=True)
    for container in found:
        owner = container.labels.get(OWNER, "")
        pid = owner.partition("-")[0]
        if pid.isdigit() and _owner(int(pid)) == owner:
            continue
        try:
            container.remove(force=True)
        except DockerException:
            continue  # somebody else was quicker
        removed.append(str(container.name))
    return removed


def _owner(pid: int) -> str:
    """A process, told apart from a later one with its number: by its start time, and the boot's id."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        return f"{pid}-{_lives(pid)}"
    return f"{pid}-{fields[19]}-{boot}"  # proc_pid_stat(5): starttime is field 22


def _lives(pid: int) -> str:
    """For systems without /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass
    return "alive"


def _host() -> str:
    """This machine and, within it, the namespace in which process numbers have their meaning."""
    facts = [socket.gethostname()]
    for place in ("/etc/machine-id", "/proc/self/ns/pid"):
        path = Path(place)
        facts.append(str(path.readlink()) if path.is_symlink() else path.read_text() if path.exists() else "")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
