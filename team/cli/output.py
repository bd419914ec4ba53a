"""What became of the folder that `--output` names, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team.cli.terminal import clean

if TYPE_CHECKING:
    from rich.console import Console

    from team.regeneration.outcome import Regeneration

_TOLD = {
    "created": "new",
    "updated": "brought up to date",
    "merged": "merged with your edits",
    "edited": "left as you edited them",
    "kept": "no longer generated, kept because you edited them",
    "removed": "no longer generated, removed",
}


def output_as_json(done: Regeneration) -> dict[str, Any]:
    """The folder's part of the JSON object."""
    gates = {name: gate.counted() for name, gate in done.gates.items()}
    return done.model_dump(mode="json", exclude={"gates"}) | {"gates": gates}


def print_output(screen: Console, done: Regeneration) -> None:
    """Print what was written, what was left, and where a person has to decide."""
    screen.print(f"{'output':<10}", style="dim", end="")
    screen.print(clean(f"{done.path}: {done.message}" if done.message else done.path), soft_wrap=True)
    for what, words in _TOLD.items():
        if paths := getattr(done, what):
            screen.print(f"  {clean(_few(paths))} {words}", style="dim", soft_wrap=True)
    for conflict in done.conflicts:
        screen.print(f"  ✗ conflict: {clean(str(conflict))}", style="red", soft_wrap=True)
    if done.gates:
        red = [name for name, gate in done.gates.items() if gate.status in ("fail", "error")]
        told = f"✗ with your edits: {', '.join(red)}" if red else "✓ with your edits, every gate passes"
        screen.print(f"  {told}", style="red" if red else "green", soft_wrap=True)
        for name in red:
            for finding in done.gates[name].findings[:5]:
                screen.print(f"    {name}: {clean(str(finding))}", soft_wrap=True)


def _few(paths: tuple[str, ...], most: int = 4) -> str:
    shown = ", ".join(paths[:most])
    return shown if len(paths) <= most else f"{shown} and {len(paths) - most} more"
