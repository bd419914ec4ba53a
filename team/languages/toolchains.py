"""Toolchains of this machine: where their programs are, and whether they work in a sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from executors import Executor, SandboxUnavailable
from executors.confinement import SYSTEM
from team.languages.table import TABLE, Language, filled_in

PROOF_SECONDS = 20.0


@dataclass(frozen=True)
class Toolchain:
    """The programs of a language by name, with their paths; `readable` are the folders that they need."""

    language: Language
    programs: dict[str, str]
    readable: tuple[Path, ...] = ()


def find_toolchain(language: Language) -> Toolchain:
    """The toolchain as this machine has it.

    Raises:
        executors.SandboxUnavailable: a program is missing; names what to install.
    """
    found: dict[str, str] = {}
    readable: set[Path] = set()
    for name in language.programs:
        path = shutil.which(name)
        if path is None:
            raise SandboxUnavailable(
                f"{language.title} needs `{name}`, which was not found", language.install
            )
        real = Path(os.path.realpath(path))
        found[name] = str(real)
        if not any(real.is_relative_to(folder) for folder in SYSTEM):
            readable.add(_home_of(real))
    return Toolchain(language, found, tuple(sorted(readable)))


def toolchain_inside(language: Language, sandbox: Executor) -> Toolchain:
    """The toolchain under the paths by which code in a sandbox finds it.

    Raises:
        executors.SandboxUnavailable: this machine does not have it.
    """
    if sandbox.name == "docker":  # which has its own, or none
        return Toolchain(language, {name: name for name in language.programs})
    return find_toolchain(language)


def require_toolchain(language: Language, sandbox: Executor) -> None:
    """Try the toolchain in a sandbox.

    Raises:
        executors.SandboxUnavailable: it is not there, or cannot do what is needed; says what to install.
    """
    chain = toolchain_inside(language, sandbox)
    argv = filled_in(language.proof, chain.programs, "", ())
    limits = sandbox.limits.model_copy(update={"wall_seconds": PROOF_SECONDS})
    if not sandbox.run(argv, limits=limits).ok:
        if sandbox.name == "docker":
            raise SandboxUnavailable(
                f"the image has no {' and '.join(language.programs)} that runs {language.title}",
                "name an image that has it with --image",
            )
        programs = ", ".join(chain.programs.values())
        raise SandboxUnavailable(f"{programs} cannot run {language.title} in the sandbox", language.install)


def toolchains() -> Iterator[tuple[Language, str]]:
    """Every language with what this machine has for it, in a few words; empty where it has nothing."""
    for language in TABLE:
        try:
            chain = find_toolchain(language)
        except SandboxUnavailable:
            yield language, ""
            continue
        proven = _said(filled_in(language.proof, chain.programs, "", ())) is not None
        yield language, _version(chain) if proven else ""


def _version(chain: Toolchain) -> str:
    program = next(iter(chain.programs.values()))
    said = _said([program, "--version"]) or ""
    return f"{Path(program).name} {said.splitlines()[0].removeprefix('v')}" if said else Path(program).name


def _said(argv: list[str]) -> str | None:
    """What a program prints; None when it fails."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PROOF_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _home_of(program: Path) -> Path:
    """The folder that a program needs to read: what holds its `bin`, unless that holds more than itself.

    A folder that is the home folder or above it would lay open what the sandbox hides.
    """
    folder = program.parent.parent if program.parent.name == "bin" else program.parent
    home = Path.home().resolve()
    return program if home.is_relative_to(folder) or folder == Path("/") else folder
