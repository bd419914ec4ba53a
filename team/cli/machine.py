"""`doctor` and `config show`: this machine, and the settings with their origins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from executors.cache import cache_dir
from team.cli.options import PRINTING, SANDBOX, SESSION, Flags, settings_of, takes
from team.cli.terminal import clean, notices, print_json, results

if TYPE_CHECKING:
    from executors.kept import Kept
    from team.doctor import Check
    from team.settings_sources import Settings

config_app = typer.Typer(name="config", help="The settings and where each of them comes from.")
MARKS = {"ok": ("✓", "green"), "missing": ("✗", "red"), "note": ("·", "yellow")}


@takes("model", "base_url", *SANDBOX, "work_dir", *PRINTING)
def doctor(
    flags: Flags,
    online: Annotated[bool, typer.Option("--online", help="Also ask the model's endpoint.")] = False,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Make the sandbox's Python environment now.")
    ] = False,
    build_image: Annotated[
        bool, typer.Option("--build-image", help="Build the image of --executor docker now.")
    ] = False,
    base_image: Annotated[
        str, typer.Option("--base-image", metavar="NAME", help="What to build it from: python3 with venv.")
    ] = "python:3.11-slim",
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Clear away Python environments and caches that were not used lately."),
    ] = False,
    keep_days: Annotated[
        float, typer.Option("--keep-days", metavar="N", min=0, help="What --prune counts as lately.")
    ] = 30,
) -> None:
    """Show what works on this machine and what is missing, with the mend, and what is kept in the cache."""
    from executors.kept import kept
    from team.doctor import cleared, examine

    config = settings_of(flags).config
    with notices().status("looking around") as status:
        looked = examine(
            config,
            online=online,
            prepare=prepare,
            base_image=base_image if build_image else None,
            progress=lambda line: status.update(clean(line)),
        )
        checks = list(looked)
        gone = cleared(config, keep_days) if prune else []
        left = kept()
    ready = all(check.status != "missing" for check in checks)
    if config.json_output:
        told: dict[str, Any] = {"ready": ready, "checks": [check.model_dump() for check in checks]}
        print_json(told | {"kept": [_told(each) for each in left], "removed": [_told(each) for each in gone]})
    else:
        _print_checks(checks, ready)
        _print_kept(left, gone, prune)
    raise typer.Exit(0 if ready else 3)


@config_app.callback(invoke_without_command=True)
def config(context: typer.Context) -> None:
    """Without a command of its own: its help."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@config_app.command("show")
@takes(*(name for name in SESSION if name != "gates"))
def config_show(
    flags: Flags,
    gates: Annotated[bool, typer.Option("--gates", help="Show the gates' pinned configuration.")] = False,
) -> None:
    """Show every setting, its value, and where the value comes from."""
    settings = settings_of(flags)
    if gates:
        from team.gates import pinned_configuration

        if settings.config.json_output:
            print_json({"gates": pinned_configuration()})
        else:
            results().print(pinned_configuration(), soft_wrap=True)
    elif settings.config.json_output:
        rows = _rows(settings)
        print_json({name: {"value": value, "origin": origin} for name, value, origin in rows})
    else:
        _print_settings(settings)


def _print_checks(checks: list[Check], ready: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for column in ("mark", "name", "detail"):
        table.add_column(column, no_wrap=column != "detail", overflow="fold")
    for check in checks:
        mark, colour = MARKS[check.status]
        detail = Text(clean(check.detail))
        if check.mend:
            detail.append(f"\n→ {clean(check.mend)}", style="dim" if check.status == "note" else "bold")
        table.add_row(Text(mark, style=colour), check.name, detail)
    screen = results()
    screen.print(table)
    screen.print(
        "\nA session can run here." if ready else "\nA session cannot run here yet.",
        style="green" if ready else "red",
    )


def _told(each: Kept) -> dict[str, Any]:
    used = datetime.fromtimestamp(each.used, UTC).isoformat(timespec="seconds")
    folder = str(each.folder)
    return {"kind": each.kind, "holds": each.holds, "path": folder, "bytes": each.size} | {
        "last_used": used,
        "in_use": each.in_use,
    }


def _print_kept(left: list[Kept], gone: list[Kept], pruned: bool) -> None:
    from rich.table import Table

    screen = results()
    for title, rows in (("kept in the cache", left), ("cleared away", gone)):
        if rows:
            table = Table(box=None, pad_edge=False, show_header=False)
            for each in rows:
                used = "in use" if each.in_use else f"last used {_ago(each.idle_days)}"
                table.add_row(f"  {each.kind}", clean(each.holds), f"{each.size / 1e6:.0f} MB", used)
            screen.print(f"\n{title} ({sum(each.size for each in rows) / 1e6:.0f} MB)")
            screen.print(table)
    if left:
        screen.print(f"  in {clean(str(cache_dir()))}", style="dim")
    if pruned and not gone:
        screen.print("\nnothing to clear away: all of it is in use, needed now, or was used lately")


def _ago(days: float) -> str:
    return "today" if days < 1 else "yesterday" if days < 2 else f"{int(days)} days ago"


def _rows(settings: Settings[Any]) -> list[tuple[str, Any, str]]:
    values = settings.config.model_dump(mode="json")
    for name in ("api_key", "database_url"):
        values[name] = "set" if getattr(settings.config, name) else "not set"
    return [(name, value, settings.origins[name]) for name, value in values.items()]


def _print_settings(settings: Settings[Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("setting", "value", "origin", box=None, pad_edge=False)
    for name, value, origin in _rows(settings):
        style = "dim" if origin == "default" else ""
        table.add_row(*(Text(clean(cell), style=style) for cell in (name, _shown(value), origin)))
    results().print(table)


def _shown(value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, dict):
        return ", ".join(f"{role}={model}" for role, model in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
