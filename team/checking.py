"""`devteam check`: the gates alone, over code that exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from executors.scratch import ScratchFolder
from team.config import CodeGenerationConfig
from team.errors import UsageError
from team.gates import judge, make_target
from team.gates.base import GateResult
from team.gates.target import regular_files
from team.gates.trees import copy_files
from team.workbench import chosen_gates, gate_settings, open_sandbox

if TYPE_CHECKING:
    from team.specs import Spec

Progress = Callable[[str], None]


def check_tree(
    path: Path,
    config: CodeGenerationConfig,
    *,
    progress: Progress,
    spec: Spec | None = None,
    open_rules: tuple[str, ...] = (),
) -> list[GateResult]:
    """Judge a file or a folder by the gates of `config`. The code itself is copied first and never touched.

    Args:
        path: the file or the folder.
        config: the settings.
        progress: told in a few words what is going on.
        spec: what it was generated from, where that is known.
        open_rules: what of the spec nobody has implemented yet.

    Raises:
        UsageError: there is nothing to judge, or a gate's name is wrong.
        executors.SandboxUnavailable: nothing on this machine confines code as asked.
    """
    gates = chosen_gates(config)
    with _copied(path) as root:
        progress("opening the sandbox")
        with open_sandbox(root, config, progress, spec.packages if spec else ()) as sandbox:
            target = make_target(root, sandbox, gate_settings(config), spec=spec)
            target = replace(target, open_rules=open_rules)
            return judge(target, gates, on_start=lambda name: progress(f"gate {name}"))


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """A copy of what is to be judged: plain files only, without hidden folders and environments."""
    root, names = _plain_files(path)
    if not any(name.endswith(".py") for name in names):
        raise UsageError(f"{path} holds no Python file", "name a file or a folder with code")
    with ScratchFolder("check") as folder:
        copy = folder / "files"
        copy.mkdir()
        copy_files(root, names, copy)
        yield copy


def _plain_files(path: Path) -> tuple[Path, Sequence[str]]:
    try:
        place = path.resolve(strict=True)
        return (place, list(regular_files(place))) if place.is_dir() else (place.parent, [place.name])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "check the path") from None
