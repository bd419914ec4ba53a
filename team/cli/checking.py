"""`check`: the gates alone, over existing code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from team.cli.options import PRESENTING, SANDBOX, Flags, settings_of, takes
from team.cli.terminal import clean, interruptible, notices, print_json, results, stdout_for_results

if TYPE_CHECKING:
    from team.gates.base import GateResult

STATUS = {0: "accepted", 1: "rejected", 3: "failed"}


@takes("gates", "coverage", "include_tests", *SANDBOX, *PRESENTING)
def check(
    flags: Flags,
    path: Annotated[Path, typer.Argument(help="A Python file, or a folder with code and its tests.")],
) -> None:
    """Run the gates over existing code, in the sandbox, and print what they find."""
    from team.checking import check_tree

    config = settings_of(flags).config
    with interruptible(), stdout_for_results(), notices().status("copying the code") as status:
        judged = check_tree(path, config, progress=lambda line: status.update(clean(line)))
    code = _code(judged)
    if config.json_output:
        print_json(_as_json(path, judged, code))
    elif config.quiet:
        print(f"{STATUS[code]} {clean(path)}")
    else:
        _print_report(judged, code)
    raise typer.Exit(code)


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
