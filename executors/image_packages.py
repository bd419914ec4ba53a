"""The packages of an image, brought out for tools that run here and look at them, such as mypy.

Nothing of them is executed here: what Python would run at its start is left out.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from executors.cache import cache_dir
from executors.claims import claim
from executors.daemon import asking, labels
from executors.errors import SandboxUnavailable
from executors.image import Image
from executors.interpreter import Interpreter, probed_interpreter
from executors.kept import ABOUT

if TYPE_CHECKING:
    from docker import DockerClient

_ASK = "import sysconfig; print(sysconfig.get_path('purelib'))"
_RUN_AT_START = {"sitecustomize.py", "usercustomize.py"}


def interpreter_for_types(client: DockerClient, image: Image) -> Interpreter:
    """A virtual environment of this machine's Python with the image's packages, made at first need.

    Raises:
        SandboxUnavailable: they could not be fetched.
    """
    folder = cache_dir() / "images" / image.id.removeprefix("sha256:")[:20]
    claim(folder)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder.parent) as place:
            made = Path(place) / "made"
            venv.create(made, symlinks=True, with_pip=False)
            _bring_out(client, image, _packages_of(made))
            (made / ABOUT).write_text(image.name, encoding="utf-8")
            if not folder.exists():
                made.rename(folder)
    return probed_interpreter(folder / "bin" / "python")


def _packages_of(environment: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return environment / "lib" / version / "site-packages"


def _bring_out(client: DockerClient, image: Image, target: Path) -> None:
    with asking(f"the packages of the image {image.name} cannot be read"):
        place = client.containers.run(
            image.id, ["-I", "-c", _ASK], entrypoint="python3", network_mode="none", remove=True
        )
        container = client.containers.create(
            image.id, ["true"], network_mode="none", labels=labels("packages")
        )
        try:
            stream, _ = container.get_archive(place.decode().strip())
            with tempfile.TemporaryFile() as packed:
                for chunk in stream:
                    packed.write(chunk)
                packed.seek(0)
                _unpack(packed, target)
        finally:
            container.remove(force=True)


def _unpack(packed: IO[bytes], target: Path) -> None:
    """Unpack what belongs into the folder of packages; nothing can land outside of it."""
    unpacked = target.with_name("unpacked")
    with tarfile.open(fileobj=packed) as archive:
        archive.extractall(unpacked, members=_harmless(archive), filter="data")
    folders = list(unpacked.iterdir())
    if len(folders) != 1:
        raise SandboxUnavailable("the image's packages cannot be read", "name another --image")
    shutil.rmtree(target)
    folders[0].rename(target)
    unpacked.rmdir()


def _harmless(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        path = PurePosixPath(member.name)
        starts_code = len(path.parts) == 2 and (path.suffix == ".pth" or path.name in _RUN_AT_START)
        if (member.isfile() or member.isdir()) and not starts_code and "__pycache__" not in path.parts:
            yield member
