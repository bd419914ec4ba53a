"""One generation into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from executors.folder import InTheWay
from executors.paths import UnsafePath, safe_path
from team import worktree
from team.doctor import trouble_with
from team.errors import ConfigError
from team.regeneration.applying import apply, locked
from team.regeneration.manifest import Manifest, is_ours, read_manifest
from team.regeneration.outcome import Regeneration
from team.regeneration.planning import InPlace, Plan, plan_changes
from team.regeneration.revisions import FOLDER, follow_newest

if TYPE_CHECKING:
    from executors.folder import Folder
    from team.specs import Spec


def check_output(output: Path, spec: Spec) -> Manifest | None:
    """Look, before any work is done, whether a folder can be generated into; its manifest, where it has one.

    Raises:
        ConfigError: it cannot be written, its manifest is damaged, or it holds something else.
    """
    if trouble := trouble_with(output):
        raise ConfigError(f"cannot write to {output}: {trouble}", "choose another --output")
    manifest = read_manifest(output)
    if manifest is not None and manifest.kind != spec.kind:
        raise ConfigError(
            f"{output} holds what `devteam {manifest.kind}` generated, not `devteam {spec.kind}`",
            "choose another --output",
        )
    return manifest


def regenerate(files: Path, output: Path, spec: Spec) -> Regeneration:
    """Bring a folder up to date with newly generated files; what people did there is kept.

    Args:
        files: the folder that holds the new files.
        output: the folder to bring up to date; it is made where it is missing.
        spec: what they were generated from.

    Raises:
        ConfigError: the folder is in use, or its manifest is damaged. Nothing was written.
        InTheWay: something that is no plain file stands at a path. Nothing was written.
        OSError: the disk is full or fails. Nothing was written.
    """
    new = _generated(files)
    told = spec.model_dump(mode="json", exclude_none=True, by_alias=True)
    with locked(output) as folder:
        manifest = check_output(output, spec)
        plan = plan_changes(manifest.contents() if manifest else {}, new, lambda path: _look(folder, path))
        _chain_migrations(plan, output)
        apply(folder, output, plan.writes, Manifest.of(spec.kind, told, plan.generated))
    return _outcome(output, plan)


def _generated(files: Path) -> dict[str, bytes]:
    """The files of a workspace that may be written elsewhere."""
    found: dict[str, bytes] = {}
    for path in worktree.paths(files):
        if not is_ours(path) and _is_safe(path):
            found[path] = (files / path).read_bytes()
    return found


def _is_safe(path: str) -> bool:
    try:
        return safe_path(path) == path
    except UnsafePath:
        return False


def _chain_migrations(plan: Plan, output: Path) -> None:
    """Let new migrations follow those that people have added since."""
    created = [path for path in plan.told.get("created", ()) if path.startswith(f"{FOLDER}/")]
    found = sorted((output / FOLDER).glob("*.py")) if created else []
    there = {
        file.name: file.read_text(encoding="utf-8", errors="replace") for file in found if file.is_file()
    }
    new = {path: content.decode() for path in created if (content := plan.writes[path]) is not None}
    for path, text in follow_newest(new, there).items():
        plan.writes[path] = text.encode()
        plan.tell("merged", path)


def _look(folder: Folder, path: str) -> InPlace:
    try:
        return InPlace(folder.read(path))
    except InTheWay as obstacle:
        return InPlace(obstacle=str(obstacle))


def _outcome(output: Path, plan: Plan) -> Regeneration:
    status = "conflicts" if plan.conflicts else "written"
    known = {"path": str(output.resolve()), "status": status, "conflicts": plan.conflicts}
    return Regeneration.model_validate(known | plan.told)
