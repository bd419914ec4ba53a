"""The commands by name, `--version`, and the screen of `devteam` without arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from team.cli import checking, evidence, finding, machine, sessions, showing, viewing

FIRST_STEPS = """\
devteam: a software team made of AutoGen agents, whose work is accepted by checks.

  devteam crud SPEC            a working, tested CRUD module from an entity spec; needs no model
  devteam run "REQUIREMENTS"   a session from free-form requirements
  devteam doctor               what works on this machine, and what is missing

devteam --help lists every command."""

app = typer.Typer(
    name="devteam",
    help="A software team made of AutoGen agents, whose work is accepted by checks, not by opinion.",
    epilog="Every option of a session is also a variable, such as DEVTEAM_MAX_COST for --max-cost, and a key "
    "of [tool.devteam] in pyproject.toml: `devteam config show` lists them. Exit codes: 0 accepted or done, "
    "1 not accepted, 2 usage or configuration, 3 infrastructure, 130 interrupted.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
BUILD, JUDGE, INSPECT, MACHINE = "Build", "Judge", "Inspect and go on", "This machine"

app.command("run", rich_help_panel=BUILD)(sessions.run)
app.command("api", rich_help_panel=BUILD)(sessions.api)
app.command("crud", rich_help_panel=BUILD)(sessions.crud)
app.command("etl", rich_help_panel=BUILD)(sessions.etl)
app.command("solve", rich_help_panel=BUILD)(sessions.solve)
app.command("check", rich_help_panel=JUDGE)(checking.check)
app.command("list", rich_help_panel=INSPECT)(finding.list_sessions)
app.command("show", rich_help_panel=INSPECT)(showing.show)
app.command("view", rich_help_panel=INSPECT)(viewing.view)
app.command("stats", rich_help_panel=INSPECT)(finding.stats)
app.command("resume", rich_help_panel=INSPECT)(sessions.resume)
app.command("fork", rich_help_panel=INSPECT)(sessions.fork)
app.command("replay", rich_help_panel=INSPECT)(sessions.replay)
app.command("diff", rich_help_panel=INSPECT)(evidence.diff)
app.command("verify", rich_help_panel=INSPECT)(evidence.verify)
app.command("doctor", rich_help_panel=MACHINE)(machine.doctor)
config_app = typer.Typer(name="config", help="The settings and where each of them comes from.")
config_app.command("show")(machine.config_show)
app.add_typer(config_app, rich_help_panel=MACHINE)


@config_app.callback(invoke_without_command=True)
def _config(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.callback(invoke_without_command=True)
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
    command = typer.main.get_command(app)
    code = command.main(args=list(arguments), prog_name="devteam", standalone_mode=False)
    return code if isinstance(code, int) else 0
