"""How a session ended: a screen for people, one JSON object for programs, one line for the quiet."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from team.cli.output import output_as_json, print_output
from team.cli.terminal import clean, print_json, results
from team.proof import unproven

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from team.config import CodeGenerationConfig
    from team.gates.base import GateResult
    from team.replaying import ReplayReport
    from team.result import GenerationResult
    from team.settings_sources import Settings


MOST_CASES = 40
"""Cases that are printed of one gate."""


def print_outcome(result: GenerationResult, settings: Settings[CodeGenerationConfig]) -> None:
    """Print the result in the form that the settings ask for."""
    if settings.config.json_output:
        print_json(as_json(result))
    elif settings.config.quiet:
        print(f"{result.status} {clean(result.path)}")
    else:
        _print_screen(results(), result, _named(result, settings))


def as_json(result: GenerationResult) -> dict[str, Any]:
    """The fields of the command line's contract."""
    return {
        "session": result.session,
        "status": str(result.status),
        "reason": str(result.reason),
        "path": result.path,
        "files": list(result.files),
        "iterations": result.iterations,
        "model_calls": result.usage.calls,
        "prompt_tokens": result.usage.prompt_tokens,
        "completion_tokens": result.usage.completion_tokens,
        "cost_usd": result.usage.cost_usd,
        "gates": {name: gate.counted() for name, gate in result.gates.items()},
        **({"output": output_as_json(result.regeneration)} if result.regeneration else {}),
    }


def print_divergences(report: ReplayReport, config: CodeGenerationConfig) -> None:
    """Print what a replay found different."""
    if config.json_output:
        print_json(
            as_json(report.result) | {"divergences": list(report.divergences), "damage": list(report.damage)}
        )
        return
    screen = results()
    for lost in report.damage:
        screen.print(f"· lost in the record: {clean(lost)}", style="yellow", soft_wrap=True)
    hindered = bool(report.divergences) and report.result.reason.hindered
    for line in [report.result.message] if hindered else report.divergences:
        screen.print(f"✗ {clean(line)}", style="red", soft_wrap=True)
    if not report.divergences:
        screen.print(f"✓ the same again: {clean(report.result.message)}", style="green", soft_wrap=True)
    if not config.quiet:
        screen.print(f"replayed as {clean(report.result.path)}", soft_wrap=True)


def gate_table(gates: Mapping[str, GateResult]) -> Any:
    """The gates as a rich table: mark, name, findings, seconds."""
    from rich.table import Table
    from rich.text import Text

    from team.transcript.wording import COLOURS, MARKS, counted

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for name, gate in gates.items():
        mark = Text(f"  {MARKS[gate.status]} {clean(name)}", style=COLOURS[gate.status])
        found = counted(len(gate.findings), "finding") if gate.findings else gate.status
        table.add_row(mark, found, f"{gate.seconds:.1f} s")
    return table


def _print_screen(screen: Console, result: GenerationResult, name: str) -> None:
    from team.transcript.wording import COLOURS

    colour = COLOURS[str(result.status)]
    screen.print()
    screen.print(f"{result.status}", style=f"bold {colour}", end="")
    screen.print(f" — {clean(result.message)}", soft_wrap=True)
    for rule in result.open_rules:
        screen.print(f"  open rule: {clean(rule)}", style="yellow", soft_wrap=True)
    if result.gates:
        screen.print(gate_table(result.gates))
    for gate in result.gates.values():
        _print_cases(screen, gate)
    if result.regeneration:
        print_output(screen, result.regeneration)
    for label, text in _facts(result):
        screen.print(f"{label:<10}", style="dim", end="")
        screen.print(clean(text), soft_wrap=True)
    screen.print("\nnext", style="bold")
    for command, why in _next_commands(result, name):
        screen.print(f"  {command}", end="", soft_wrap=True)
        screen.print(f"   {why}" if why else "", style="dim", soft_wrap=True)


def _print_cases(screen: Console, gate: GateResult) -> None:
    """The verdict of every example and test case that has its own, the failing ones first.

    Of a suite that is longer than a screen, only the failing ones.
    """
    ordered = sorted(gate.cases.items(), key=lambda case: case[1] == "pass")
    if len(ordered) > MOST_CASES:
        ordered = [case for case in ordered if case[1] != "pass"]
    for name, verdict in ordered[:MOST_CASES]:
        passed = verdict == "pass"
        mark, colour = ("✓", "green") if passed else ("✗", "red")
        screen.print(f"    {mark} ", style=colour, end="")
        screen.print(clean(name if passed else f"{name}: {verdict}"), soft_wrap=True)
    if len(ordered) > MOST_CASES:
        screen.print(f"    … and {len(ordered) - MOST_CASES} more", style="dim")


def _facts(result: GenerationResult) -> Iterator[tuple[str, str]]:
    from team.transcript.wording import counted

    usage = result.usage
    yield "files", f"{result.work_dir} ({len(result.files)})"
    yield "session", result.path
    if result.evidence:
        yield "evidence", ", ".join(result.evidence)
    if result.accepted:
        yield from (("", line) for line in unproven(result.evidence))
    if usage.calls:
        cost = "cost unknown" if usage.cost_usd is None else f"{usage.cost_usd:.4f} USD"
        tokens = f"{usage.prompt_tokens:,} tokens in, {usage.completion_tokens:,} out"
        yield "model", f"{counted(usage.calls, 'call')}, {tokens}, {cost}"
    else:
        yield "model", "no model call" + (": drafted from templates" if result.iterations else "")
    yield "rounds", str(result.iterations)


def _next_commands(result: GenerationResult, name: str) -> Iterator[tuple[str, str]]:
    if result.reason.exit_code in (3, 130) or result.status == "stopped":
        yield f"devteam resume {name}", "go on from here"
    yield f"devteam show {name}", "who said what, and what the gates found"
    if result.accepted:
        yield f"devteam replay {name}", "the same answers again through the real gates"
    readme = next((file for file in result.files if file == f"{result.work_dir}/README.md"), None)
    if readme:
        yield f"less {shlex.quote(readme)}", "how to run what was built"
    if str(result.reason) == "sandbox_unavailable":
        yield "devteam doctor", "what is missing on this machine"


def _named(result: GenerationResult, settings: Settings[CodeGenerationConfig]) -> str:
    """How the next command can name the session: by its id, or by its path where that is not found."""
    by_flag = settings.origins["work_dir"].startswith("--")
    return shlex.quote(result.path if by_flag else result.session)
