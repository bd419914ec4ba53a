"""`check`: the gates alone, over existing code."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from team.cli.options import PRESENTING, SANDBOX, Flags, settings_of, takes
from team.cli.terminal import clean, interruptible, notices, print_json, results, stdout_for_results

if TYPE_CHECKING:
    from team.gates.base import GateResult


class Form(StrEnum):
    """What `check` prints."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


STATUS = {0: "accepted", 1: "rejected", 3: "failed"}


@takes("gates", "coverage", "mutation", "licenses", "include_tests", *SANDBOX, *PRESENTING)
def check(
    flags: Flags,
    path: Annotated[Path, typer.Argument(help="A Python file, or a folder with code and its tests.")],
    form: Annotated[
        Form, typer.Option("--format", help="What to print; github: annotations for a workflow.")
    ] = Form.TABLE,
) -> None:
    """Run the gates over existing code, in the sandbox, and print what they find."""
    from team.checking import check_tree

    config = settings_of(flags).config
    if config.json_output and form not in (Form.TABLE, Form.JSON):
        from team.errors import UsageError

        raise UsageError(f"--json and --format {form} are two forms", "choose one of them")
    with interruptible(), stdout_for_results(), notices().status("copying the code") as status:
        judged = check_tree(path, config, progress=lambda line: status.update(clean(line)))
    code = _code(judged)
    if form not in (Form.TABLE, Form.JSON):
        sys.stdout.write(_in_form(form, judged, path))
    elif config.json_output or form is Form.JSON:
        print_json(_as_json(path, judged, code))
    elif config.quiet:
        print(f"{STATUS[code]} {clean(path)}")
    else:
        _print_report(judged, code)
    raise typer.Exit(code)


def _in_form(form: Form, judged: list[GateResult], path: Path) -> str:
    from team.reports.folder import own_version
    from team.reports.github import github
    from team.reports.junit import junit
    from team.reports.sarif import sarif

    folder = path if path.is_dir() else path.parent
    seen = Path(os.path.relpath(folder)).as_posix()
    prefix = "" if seen == "." else seen
    if form is Form.SARIF:
        return sarif(judged, version=own_version(), prefix=prefix)
    return junit(judged) if form is Form.JUNIT else github(judged, prefix=prefix)


def _code(judged: list[GateResult]) -> int:
    if any(result.status == "error" for result in judged):
        return 3
    return 1 if any(result.red for result in judged) else 0


def _as_json(path: Path, judged: list[GateResult], code: int) -> dict[str, Any]:
    return {
        "path": str(path.resolve()),
        "status": STATUS[code],
        "gates": {
            result.name: {
                "status": result.status,
                "findings": len(result.findings),
                "seconds": result.seconds,
                "why": result.why,
            }
            for result in judged
        },
        "findings": [
            {"gate": result.name, **finding.model_dump()} for result in judged for finding in result.findings
        ],
    }


def _print_report(judged: list[GateResult], code: int) -> None:
    from team.gates.report import as_table

    screen = results()
    for result in judged:
        for finding in result.findings:
            style = "dim" if finding.severity == "minor" else ""
            screen.print(clean(finding), style=style, soft_wrap=True)
    screen.print(as_table(judged))
    words = {0: "every gate passes", 1: "a gate is red", 3: "a gate could not be run"}
    colour = "green" if code == 0 else "red"
    screen.print(f"{STATUS[code]}: {words[code]}", style=f"bold {colour}")
