"""The container image of the sandbox: which one is meant, and how ours is built.

Ours is addressed by its content, as environments are: its tag is a digest of its packages and its recipe.
The wheels are fetched by our own pip, with the user's index, proxies and certificates, for the Python of
the base image; the build itself needs no network and runs nothing but pip's installation of wheels.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from executors.daemon import asking
from executors.errors import EnvironmentUnavailable, SandboxUnavailable
from executors.making import Progress
from executors.requirements import with_packages
from executors.scratch import ScratchFolder

if TYPE_CHECKING:
    from docker import DockerClient

BASE = "python:3.11-slim"
REPOSITORY = "devteam-sandbox"
_RECIPE = Path(__file__).with_name("Dockerfile")
_OLDEST_GLIBC = 17
_ASK_BASE = (
    "import json, platform, sys; print(json.dumps("
    "[list(sys.version_info[:2]), platform.libc_ver(), platform.machine()]))"
)


@dataclass(frozen=True)
class Image:
    """An image that is there."""

    name: str
    id: str
    engine: str
    """The version of the daemon that has it."""
    volumes: tuple[str, ...] = ()
    """Folders that it wants to lie outside of the container."""


def image_name(packages: Sequence[str] = ()) -> str:
    """The name of our image with the default and the given packages.

    Raises:
        EnvironmentUnavailable: something is no plain requirement.
    """
    digest = hashlib.sha256(_RECIPE.read_bytes())
    digest.update("\n".join(with_packages(packages)).encode())
    return f"{REPOSITORY}:{digest.hexdigest()[:16]}"


def find_image(client: DockerClient, name: str | None, packages: Sequence[str] = ()) -> Image:
    """The image that was asked for, or ours with these packages.

    Raises:
        SandboxUnavailable: it is not there, or the daemon does not answer.
        EnvironmentUnavailable: packages were asked for with an image that is not ours.
    """
    from docker.errors import ImageNotFound

    if name and packages:
        raise EnvironmentUnavailable(
            f"packages cannot be added to the image {name}", "install them there, or leave out --image"
        )
    wanted = name or image_name(packages)
    with asking("the Docker daemon does not answer"):
        try:
            found = client.images.get(wanted)
        except ImageNotFound:
            raise SandboxUnavailable(f"there is no image {wanted}", _how_to_get(name, packages)) from None
        volumes = tuple(found.attrs["Config"].get("Volumes") or ())
        return Image(wanted, str(found.id), str(client.version()["Version"]), volumes)


def _how_to_get(name: str | None, packages: Sequence[str]) -> str:
    if name:
        return f"docker pull {name}"
    added = f" --packages '{','.join(packages)}'" if packages else ""
    return f"build it once: devteam doctor --build-image{added}"


def build_image(
    client: DockerClient, packages: Sequence[str] = (), *, base: str = BASE, progress: Progress
) -> str:
    """Build our image with the default and the given packages, unless it is there; its name.

    Args:
        client: the daemon.
        packages: requirements to add.
        base: an image with a python3 that has `venv`, on glibc.
        progress: told, line by line, what is being done.

    Raises:
        SandboxUnavailable: the daemon does not answer, or could not build.
        EnvironmentUnavailable: the packages could not be fetched.
    """
    name = image_name(packages)
    with asking("the Docker daemon does not answer"):
        if client.images.list(name=name):
            return name
    wanted = with_packages(packages)
    platform = _ask_base(client, base, progress)
    with ScratchFolder("image") as context:
        (context / "packages.txt").write_text("\n".join(wanted) + "\n")
        progress(f"fetching {len(wanted)} packages for the sandbox's image")
        _fetch(platform, context)
        _build(client, name, base, context, progress)
    return name


def _ask_base(client: DockerClient, base: str, progress: Progress) -> list[str]:
    """Pip's options for the Python of the base image."""
    from docker.errors import ImageNotFound

    mend = "name another with --base-image: it needs python3 with venv"
    with asking(f"the base image {base} cannot be used", mend):
        try:
            client.images.get(base)
        except ImageNotFound:
            progress(f"fetching the base image {base}")
            client.images.pull(base)
        said = client.containers.run(
            base, ["-I", "-c", _ASK_BASE], entrypoint="python3", network_mode="none", remove=True
        )
    version, (library, release), machine = json.loads(said)
    if library != "glibc":
        raise SandboxUnavailable(f"the base image {base} does not have the GNU C library", mend)
    options = ["--implementation", "cp", "--python-version", ".".join(map(str, version))]
    for minor in range(int(release.split(".")[1]), _OLDEST_GLIBC - 1, -1):
        options += ["--platform", f"manylinux_2_{minor}_{machine}"]
    return [*options, "--platform", f"manylinux2014_{machine}"]


def _fetch(platform: list[str], context: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--only-binary", ":all:", "--no-input", "--quiet"]
    command += ["--disable-pip-version-check", *platform, "--dest", str(context / "wheels")]
    done = subprocess.run(
        [*command, "--requirement", str(context / "packages.txt")],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise EnvironmentUnavailable(
            f"the packages of the sandbox's image could not be fetched: {errors[-1] if errors else 'no pip'}",
            "connect to the network once and check the packages",
        )


def _build(client: DockerClient, name: str, base: str, context: Path, progress: Progress) -> None:
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(context, arcname=".")
            archive.add(_RECIPE, arcname="Dockerfile")
        packed.seek(0)
        with asking("the sandbox's image could not be built", "see what `docker info` says"):
            steps = client.api.build(
                fileobj=packed, custom_context=True, tag=name, buildargs={"BASE": base}, network_mode="none",
                rm=True, forcerm=True, decode=True, labels={"devteam.base": base},
            )  # fmt: skip
            for step in steps:
                _tell(step, progress)
    progress(f"the sandbox's image {name} is ready")


def _tell(step: dict[str, Any], progress: Progress) -> None:
    if "error" in step:
        raise SandboxUnavailable(
            f"the sandbox's image could not be built: {step['error']}", "name another --base-image"
        )
    if line := str(step.get("stream", "")).strip():
        progress(line[:200])
