"""The commands by name, `--version`, and the screen of `devteam` without arguments."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from team.cli.plain_command import PlainCommand, PlainGroup

FIRST_STEPS = """\
devteam: a software team made of AutoGen agents, whose work is accepted by checks.

  devteam crud SPEC            a working, tested CRUD module from an entity spec; needs no model
  devteam run "REQUIREMENTS"   a session from free-form requirements
  devteam doctor               what works on this machine, and what is missing

devteam --help lists every command."""

BUILD, JUDGE, INSPECT, MACHINE = "Build", "Judge", "Inspect and go on", "This machine"
COMMANDS = {
    "run": ("sessions.run", BUILD),
    "api": ("sessions.api", BUILD),
    "crud": ("sessions.crud", BUILD),
    "etl": ("sessions.etl", BUILD),
    "solve": ("sessions.solve", BUILD),
    "check": ("checking.check", JUDGE),
    "list": ("finding.list_sessions", INSPECT),
    "show": ("showing.show", INSPECT),
    "view": ("viewing.view", INSPECT),
    "stats": ("finding.stats", INSPECT),
    "resume": ("sessions.resume", INSPECT),
    "fork": ("sessions.fork", INSPECT),
    "replay": ("sessions.replay", INSPECT),
    "diff": ("evidence.diff", INSPECT),
    "verify": ("evidence.verify", INSPECT),
    "doctor": ("machine.doctor", MACHINE),
    "config": ("machine.config_app", MACHINE),
}
"""Every command: where in this package it is, and under which heading the help lists it."""


def application(*names: str) -> typer.Typer:
    """The command line with these commands, or with all: a module is imported only for what is wanted."""
    app = typer.Typer(
        name="devteam",
        cls=PlainGroup,
        help="A software team made of AutoGen agents, whose work is accepted by checks, not by opinion.",
        epilog="Every option of a session is also a variable, such as DEVTEAM_MAX_COST for --max-cost, and a "
        "key of [tool.devteam] in pyproject.toml: `devteam config show` lists them. Exit codes: 0 accepted "
        "or done, 1 not accepted, 2 usage or configuration, 3 infrastructure, 130 interrupted.",
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_start)
    for name in names or COMMANDS:
        place, panel = COMMANDS[name]
        module, _, attribute = place.partition(".")
        command = getattr(import_module(f"team.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, rich_help_panel=panel)
        else:
            app.command(name, cls=PlainCommand, rich_help_panel=panel)(command)
    return app


def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"devteam {_version()}")
        raise typer.Exit()
    if context.invoked_subcommand is None:
        typer.echo(FIRST_STEPS)


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("autogen-devteam")
    except metadata.PackageNotFoundError:
        return "(run from its source, not installed)"


def run_command(arguments: Sequence[str]) -> int:
    """Parse and run one command; its exit code. Whatever it cannot do, it raises."""
    wanted = [name for name in arguments[:1] if name in COMMANDS]
    command = typer.main.get_command(application(*wanted))
    code = command.main(args=list(arguments), prog_name="devteam", standalone_mode=False)
    return code if isinstance(code, int) else 0
