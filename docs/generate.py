"""Write the pages that are read from the code; `--check` only says which of them are out of date.

docs/cli.md: every command with its arguments and options.
docs/*.schema.json: the lines of a transcript, and specs for editors.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from team.cli.app import application
from team.specs import ApiSpec, CrudSpec, EntitySpec
from team.transcript.schema import schema_text

DOCS = Path(__file__).parent
HEAD = """\
# Commands

Written by `make docs` from the commands themselves. Options of a session can also be set by a variable
(`--max-cost` is `DEVTEAM_MAX_COST`), in `.env`, or under `[tool.devteam]` in `pyproject.toml`;
`devteam config show` lists them all.
"""


def pages() -> dict[Path, str]:
    """Every generated page and what should stand in it."""
    return {
        DOCS / "cli.md": cli_page(),
        DOCS / "events.schema.json": schema_text(),
        DOCS / "spec-entity.schema.json": json.dumps(EntitySpec.model_json_schema(), indent=2) + "\n",
        DOCS / "spec-crud.schema.json": json.dumps(CrudSpec.model_json_schema(), indent=2) + "\n",
        DOCS / "spec-api.schema.json": json.dumps(ApiSpec.model_json_schema(), indent=2) + "\n",
    }


def cli_page() -> str:
    """The help of every command as Markdown."""
    root = typer.main.get_command(application())
    with root.make_context("devteam", [], resilient_parsing=True) as context:
        sections = [HEAD, *_commands(root, context), str(root.epilog)]
    return "\n".join(sections) + "\n"


def _commands(group: Any, context: Any) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command.hidden:
            continue
        with type(context)(command, info_name=name, parent=context) as inner:
            if hasattr(command, "list_commands"):
                yield from _commands(command, inner)
            else:
                yield _section(command, inner)


def _section(command: Any, context: Any) -> str:
    usage = " ".join(command.collect_usage_pieces(context))
    rows = [parameter.get_help_record(context) for parameter in command.params]
    table = [f"| `{_cell(names)}` | {_cell(about)} |" for names, about in filter(None, rows)]
    heading = f"## {context.command_path}\n\n{(command.help or '').strip()}\n"
    return "\n".join([heading, f"    {context.command_path} {usage}\n", "| | |", "|---|---|", *table, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the pages; or, with --check, 1 when one of them is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    stale = [
        page
        for page, text in pages().items()
        if not page.is_file() or page.read_text(encoding="utf-8") != text
    ]
    for page in stale:
        sys.stderr.write(f"docs/{page.name} {'is out of date: run make docs' if check else 'written'}\n")
        if not check:
            page.write_text(pages()[page], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
