"""The manifest of what was generated into a folder: from which spec, and every file as it was written.

It lies in the folder itself, as one file that is replaced as a whole, and belongs under version control
with it. With the texts in it, a later version of this tool can still tell people's edits from its own work.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from executors.folder import LARGEST_FILE
from executors.paths import UnsafePath, safe_path
from team.errors import ConfigError

FOLDER = ".devteam"
NAME = f"{FOLDER}/manifest.json"
FORMAT: Literal[1] = 1
KINDS = frozenset({"api", "crud", "etl"})
"""The kinds of specs whose results are generated again."""

_LARGEST = 100_000_000


def _checked_path(path: str) -> str:
    try:
        normal = safe_path(path)
    except UnsafePath as unsafe:
        raise ValueError(str(unsafe)) from unsafe
    if normal != path or is_ours(path):
        raise ValueError(f"{path!r} is no path of a generated file")
    return path


class Entry(BaseModel):
    """One file as it was generated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    content: str = Field(description="zlib, in base64")

    @classmethod
    def of(cls, content: bytes) -> Entry:
        """The entry of a file with this content."""
        return cls(sha256=digest(content), content=packed(content))

    def read(self) -> bytes:
        """The content.

        Raises:
            ConfigError: it is not what its digest says.
        """
        try:
            content = unpacked(self.content)
        except ValueError as error:
            raise _broken(f"a file in it cannot be unpacked ({error})") from error
        if digest(content) != self.sha256:
            raise _broken("a file in it does not have the digest that stands beside it")
        return content


class Manifest(BaseModel):
    """What was generated, and from what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    kind: str
    spec_sha256: str
    spec: dict[str, Any]
    files: dict[Annotated[str, AfterValidator(_checked_path)], Entry]

    @classmethod
    def of(cls, kind: str, spec: Mapping[str, Any], files: Mapping[str, bytes]) -> Manifest:
        """The manifest of these files."""
        return cls(
            kind=kind,
            spec_sha256=digest(json.dumps(spec, sort_keys=True, ensure_ascii=False).encode()),
            spec=dict(spec),
            files={path: Entry.of(files[path]) for path in sorted(files)},
        )

    def contents(self) -> dict[str, bytes]:
        """Every file as it was generated.

        Raises:
            ConfigError: the manifest was tampered with.
        """
        return {path: entry.read() for path, entry in self.files.items()}

    def dump(self) -> bytes:
        """The manifest as it is written; the same manifest gives the same bytes."""
        return (json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(output: Path) -> Manifest | None:
    """The manifest of a folder; None where nothing was generated into it yet.

    Raises:
        ConfigError: it is there and cannot be used.
    """
    try:
        with (output / NAME).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _broken(error.strerror or str(error), output) from error
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _broken("it is not JSON", output) from error
    if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise ConfigError(f"{output / NAME} was written by a newer devteam", "update devteam")
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _broken(f"{place}: {first['msg']}" if place else first["msg"], output) from error


def is_ours(path: str) -> bool:
    """Whether a path lies in the folder that is kept for the manifest, in whatever letters."""
    return path.partition("/")[0].casefold() == FOLDER


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def packed(content: bytes) -> str:
    """Content as it stands in JSON."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def unpacked(text: str) -> bytes:
    """The content again.

    Raises:
        ValueError: it is damaged, or larger than any generated file.
    """
    try:
        inflate = zlib.decompressobj()
        content = inflate.decompress(base64.b64decode(text, validate=True), LARGEST_FILE + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from error
    if len(content) > LARGEST_FILE or not inflate.eof:
        raise ValueError("it is cut, or too large")
    return content


def _broken(why: str, output: Path | None = None) -> ConfigError:
    name = NAME if output is None else output / NAME
    return ConfigError(
        f"{name} cannot be used: {why}",
        "restore it from version control; or remove it, and files that differ are left as they are",
    )
