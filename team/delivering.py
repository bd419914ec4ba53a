"""Handing a result to the folder that `--output` names."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from executors import SandboxUnavailable
from executors.folder import InTheWay
from team import worktree
from team.checking import check_tree
from team.config import CodeGenerationConfig
from team.errors import ConfigError
from team.regeneration.manifest import KINDS, read_manifest
from team.regeneration.outcome import Regeneration
from team.regeneration.regenerate import regenerate
from team.result import GenerationResult, Reason

if TYPE_CHECKING:
    from team.specs import Spec

Status = Callable[[str], None]

_GREEN = frozenset({Reason.ACCEPTED, Reason.OPEN_RULES, Reason.NOT_APPROVED})


def deliver(
    result: GenerationResult, spec: Spec, config: CodeGenerationConfig, on_status: Status
) -> GenerationResult:
    """The result, once its files are in the folder of `config.output`.

    What was generated from a spec is generated again there: people's edits stay, and are judged with the new
    files by the gates. Everything else is copied.
    """
    output = config.output
    if output is None:
        return result
    if spec.kind not in KINDS:
        copy_files(Path(result.work_dir), output)
        return result
    try:
        done = _written(result, spec, output)
    except (ConfigError, InTheWay, OSError) as error:
        told = getattr(error, "strerror", None) or str(error)
        done = _not_written(output, "failed", f"nothing was written: {told}")
    if done.status == "written" and done.by_hand:
        done = _judged(done, result, spec, config, on_status)
    return result.model_copy(update={"regeneration": done})


def copy_files(files: Path, output: Path) -> None:
    """Copy the workspace's regular files; links are left behind."""
    for path in worktree.paths(files):
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(files / path, output / path, follow_symlinks=False)


def _written(result: GenerationResult, spec: Spec, output: Path) -> Regeneration:
    """A red attempt is better than nothing in a new folder, and never merged into people's work."""
    if not result.files:
        return _not_written(output, "left", "there are no files to write")
    if result.reason not in _GREEN and read_manifest(output) is not None:
        return _not_written(output, "left", "the new files do not pass, so the folder is as it was")
    return regenerate(Path(result.work_dir), output, spec)


def _not_written(output: Path, status: str, message: str) -> Regeneration:
    return Regeneration.model_validate({"path": str(output.resolve()), "status": status, "message": message})


def _judged(
    done: Regeneration, result: GenerationResult, spec: Spec, config: CodeGenerationConfig, on_status: Status
) -> Regeneration:
    on_status("judging the folder with your edits")
    try:
        gates = check_tree(
            Path(done.path), config, progress=on_status, spec=spec, open_rules=result.open_rules
        )
    except SandboxUnavailable as missing:
        return done.model_copy(update={"message": f"your edits could not be judged: {missing}"})
    return done.model_copy(update={"gates": {gate.name: gate for gate in gates}})
