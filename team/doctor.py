"""What works on this machine and what is missing, each with its mend."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import metadata
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from executors import Executor, SandboxUnavailable
from executors.kept import Kept, prune, size_of
from team.config import CodeGenerationConfig

Progress = Callable[[str], None]
TOOLS = ("ruff", "mypy", "bandit", "pytest", "coverage")


class Check(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: Literal["ok", "missing", "note"] = Field(description="a note is nothing that a session needs")
    detail: str
    mend: str = ""


def examine(
    config: CodeGenerationConfig,
    *,
    online: bool,
    prepare: bool,
    progress: Progress,
    base_image: str | None = None,
) -> Iterator[Check]:
    """Look at everything that a session with `config` needs, and at what it may use.

    Args:
        config: the settings of the session that could be started.
        online: also ask the model's endpoint.
        prepare: make the sandbox's environment when it is not there yet.
        progress: told in one line what takes long.
        base_image: build the image of `--executor docker` from this one when it is not there yet.
    """
    yield _python()
    yield _autogen()
    yield _distribution("openai", needed=True)
    yield _tools()
    docker = _docker(config, base_image, progress)
    yield _sandbox(config)
    if config.executor != "docker":
        yield _environment(config, prepare, progress)
    yield _workspace(config.work_dir)
    yield _git()
    yield _model(config)
    if online:
        progress("asking the model's endpoint")
        yield _endpoint(config)
    yield _toolchains()
    yield docker


def cleared(config: CodeGenerationConfig, idle_days: float) -> list[Kept]:
    """Clear away what the cache holds and nobody used for so many days; what `config` needs now stays."""
    from executors.environments import environment_folder

    keep = [] if config.python or config.executor == "docker" else [environment_folder(config.packages)[0]]
    return prune(idle_days, keep)


def trouble_with(folder: Path) -> str | None:
    """Why nothing can be written under `folder`, or None; what is made to find out is taken away again."""
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)
    finally:
        for place in made:
            with suppress(OSError):  # never made, or another session is in it by now
                place.rmdir()


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(name="Python", status="ok", detail=f"{version} ({sys.executable})")


def _autogen() -> Check:
    mend = "pip install 'pyautogen>=0.9,<0.10'"
    for name in ("pyautogen", "autogen", "ag2"):
        version = _version(name)
        if version is None:
            continue
        if name == "pyautogen" and not version.startswith("0.9"):
            return Check(
                name="AutoGen",
                status="missing",
                detail=f"{name} {version} is another product",
                mend=mend,
            )
        return Check(name="AutoGen", status="ok", detail=f"{name} {version}")
    return Check(name="AutoGen", status="missing", detail="not installed", mend=mend)


def _distribution(name: str, *, needed: bool) -> Check:
    version = _version(name)
    if version is None:
        status: Literal["missing", "note"] = "missing" if needed else "note"
        return Check(name=name, status=status, detail="not installed", mend=f"pip install {name}")
    return Check(name=name, status="ok", detail=version)


def _tools() -> Check:
    found = {name: _version(name) for name in TOOLS}
    missing = [name for name, version in found.items() if version is None]
    if missing:
        detail = f"not installed: {', '.join(missing)}"
        return Check(
            name="gates' tools", status="missing", detail=detail, mend=f"pip install {' '.join(missing)}"
        )
    detail = ", ".join(f"{name} {version}" for name, version in found.items())
    return Check(name="gates' tools", status="ok", detail=detail)


def _sandbox(config: CodeGenerationConfig) -> Check:
    """Open the sandbox and run something in it: only that tells whether it confines here."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="devteam-doctor-") as folder,
            _open(config, folder) as sandbox,
        ):
            outcome = sandbox.run(["python", "-c", "print('confined')"])
    except SandboxUnavailable as missing:
        return Check(name="sandbox", status="missing", detail=missing.problem, mend=missing.mend)
    if not outcome.ok:
        return Check(
            name="sandbox",
            status="missing",
            detail=f"{sandbox.tier}: a first program failed with {outcome.exit_code}",
            mend="run `devteam doctor --verbose`",
        )
    return Check(name="sandbox", status="ok", detail=f"{sandbox.tier}; {outcome.seconds:.2f} s to start")


def _open(config: CodeGenerationConfig, folder: str) -> Executor:
    """The sandbox without its own environment, which is looked at apart; in Docker, the image has it."""
    from executors.opening import open_executor, open_tools

    if config.executor == "docker":
        return open_executor("docker", work_dir=folder, packages=config.packages, image=config.image)
    return open_tools(folder, name=config.executor)


def _environment(config: CodeGenerationConfig, prepare: bool, progress: Progress) -> Check:
    """The sandbox's interpreter. A missing environment is made at first need, so it is only a note."""
    from executors.environments import environment, environment_folder
    from executors.interpreter import chosen_interpreter

    name = "sandbox's Python"
    try:
        if config.python is not None:
            chosen = chosen_interpreter(config.python)
            return Check(name=name, status="ok", detail=f"{chosen.version}, your own ({chosen.executable})")
        folder, made = environment_folder(config.packages)
        if made is None and not prepare:
            return Check(
                name=name,
                status="note",
                detail="not made yet; the first session makes it",
                mend="`devteam doctor --prepare` makes it now (needs the network once)",
            )
        made = made or environment(config.packages, progress)
    except SandboxUnavailable as missing:
        return Check(name=name, status="missing", detail=missing.problem, mend=missing.mend)
    return Check(name=name, status="ok", detail=f"{made.version}, {size_of(folder) / 1e6:.0f} MB in {folder}")


def _workspace(folder: Path) -> Check:
    trouble = trouble_with(folder)
    if trouble:
        return Check(
            name="workspace",
            status="missing",
            detail=f"{folder}: {trouble}",
            mend="choose another --work-dir",
        )
    free = shutil.disk_usage(_nearest(folder)).free / 1e9
    return Check(name="workspace", status="ok", detail=f"{folder.absolute()}, {free:.0f} GB free")


def _git() -> Check:
    program = shutil.which("git")
    if program is None:
        return Check(
            name="git",
            status="note",
            detail="not found: sessions keep no history of the files",
            mend="install git",
        )
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10)
    return Check(name="git", status="ok", detail=told.stdout.strip().removeprefix("git version "))


def _toolchains() -> Check:
    """What `devteam solve` can judge solutions in beside Python; none is needed by other sessions."""
    from team.languages.toolchains import toolchains

    found = dict(toolchains())
    told = [f"{language.name} ({version})" for language, version in found.items() if version]
    missing = [language for language, version in found.items() if not version]
    detail = f"beside Python: {', '.join(told)}" if told else "none beside Python's"
    if not missing:
        return Check(name="toolchains", status="ok", detail=detail)
    mend = "; ".join(f"for {language.title}: {language.install}" for language in missing)
    return Check(name="toolchains", status="note" if not told else "ok", detail=detail, mend=mend)


def _model(config: CodeGenerationConfig) -> Check:
    chosen = config.model or "none chosen"
    key = "key set" if config.api_key else "no key"
    detail = f"{chosen}, {key}, {config.base_url or 'OpenAI itself'}"
    if config.model or config.api_key or config.base_url:
        return Check(name="model", status="ok", detail=detail)
    return Check(
        name="model",
        status="note",
        detail=f"{detail}: structured specs are drafted from templates",
        mend="set OPENAI_API_KEY, or OPENAI_BASE_URL and --model",
    )


def _endpoint(config: CodeGenerationConfig) -> Check:
    """Ask the endpoint for its list of models: the cheapest question that needs the key."""
    import openai

    address = config.base_url or "https://api.openai.com/v1"
    key = config.api_key.get_secret_value() if config.api_key else "none"
    try:
        with openai.OpenAI(api_key=key, base_url=address, timeout=10, max_retries=0) as client:
            names = [model.id for model in client.models.list().data]
    except openai.AuthenticationError:
        return Check(
            name="endpoint",
            status="missing",
            detail=f"{address} refuses the key",
            mend="check OPENAI_API_KEY",
        )
    except openai.OpenAIError as error:
        return Check(
            name="endpoint",
            status="missing",
            detail=f"{address}: {type(error).__name__}",
            mend="check --base-url, and that the server runs",
        )
    if config.model and names and config.model not in (*names, "draft"):
        detail = f"{address} answers, but does not list the model {config.model!r}"
        return Check(name="endpoint", status="note", detail=detail, mend=f"it lists {', '.join(names[:5])}")
    return Check(name="endpoint", status="ok", detail=f"{address} answers, {len(names)} models")


def _docker(config: CodeGenerationConfig, base_image: str | None, progress: Progress) -> Check:
    """The daemon and the image; needed only when code is to run there."""
    from executors.daemon import connect
    from executors.image import build_image, find_image

    try:
        with closing(connect()) as client:
            if base_image is not None and config.image is None:
                build_image(client, config.packages, base=base_image, progress=progress)
            image = find_image(client, config.image, config.packages)
    except SandboxUnavailable as missing:
        needed = base_image is not None or config.executor == "docker"
        status: Literal["missing", "note"] = "missing" if needed else "note"
        detail = missing.problem if needed else f"not needed: {missing.problem}"
        return Check(name="docker", status=status, detail=detail, mend=missing.mend)
    return Check(name="docker", status="ok", detail=f"{image.engine}, image {image.name}")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _nearest(folder: Path) -> Path:
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
