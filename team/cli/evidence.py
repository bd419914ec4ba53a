"""`verify` and `diff`: whether a session is what was written, and where two sessions part."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from team.cli.history import SessionName, find_session
from team.cli.options import PRESENTING, PRINTING, Flags, settings_of, takes
from team.cli.places import presenting
from team.cli.terminal import clean, print_json, results

if TYPE_CHECKING:
    from team.errors import DevTeamError
    from team.transcript import Transcript

_SHOWN = 40
Other = Annotated[str, typer.Argument(metavar="OTHER", help="The session to compare it with.")]


@takes("work_dir", "executor", "python", "packages", "timeout", *PRESENTING)
def verify(
    flags: Flags,
    session: SessionName,
    replay: Annotated[
        bool, typer.Option("--replay", help="Also run the recorded answers through sandbox and gates again.")
    ] = False,
) -> None:
    """Recompute a session's chain of evidence: log, spec, prompts, answers, files; exit 1 if it is broken."""
    from team.transcript import Transcript
    from team.transcript.verify import verify_session

    config = settings_of(flags).config
    log = Transcript.open(find_session(session, config.work_dir))
    found = verify_session(log)
    again = _replayed(flags, log) if replay else Replayed()
    if again.hindrance and found.intact:
        raise again.hindrance
    notes = [*found.notes, *([f"not replayed: {again.hindrance}"] if again.hindrance else [])]
    intact = found.intact and not again.stale
    if config.json_output:
        problems = [{"where": problem.where, "what": problem.what} for problem in found.problems]
        told = {"session": log.session, "path": str(log.folder.resolve()), "intact": intact}
        print_json(told | {"problems": problems, "stale": list(again.stale), "notes": notes})
        raise typer.Exit(0 if intact else 1)
    screen = results()
    lines = [*map(str, found.problems), *(f"stale: {line}" for line in again.stale)]
    for line in lines[:_SHOWN]:
        screen.print(f"✗ {clean(line)}", style="red", soft_wrap=True)
    if len(lines) > _SHOWN:
        screen.print(f"✗ and {len(lines) - _SHOWN} more: --json names them all", style="red")
    for note in notes:
        screen.print(f"· {clean(note)}", style="dim", soft_wrap=True)
    if intact:
        words = f"✓ intact: {len(log.outline.rows)} events, their chain, requests, answers, totals and files"
        same = ", and the gates say the same again" if replay else ""
        screen.print(words + same, style="green", soft_wrap=True)
    raise typer.Exit(0 if intact else 1)


@dataclass(frozen=True)
class Replayed:
    """What gates say differently of the recorded answers now, or why that could not be found out."""

    stale: tuple[str, ...] = ()
    hindrance: DevTeamError | None = None


def _replayed(flags: Flags, log: Transcript) -> Replayed:
    """Replay in a folder that is thrown away. A sandbox that is missing makes no evidence stale."""
    from team.cli.sessions import recorded_settings, watched
    from team.errors import DevTeamError
    from team.reasons import Reason
    from team.replaying import replay_session
    from team.transcript import Transcript
    from team.transcript.compare import stale_evidence

    with tempfile.TemporaryDirectory(prefix="devteam-verify-") as folder:
        try:
            config = recorded_settings(flags, log.folder, output=None, work_dir=Path(folder))
            report = watched(
                config,
                lambda observers, approver: replay_session(log.folder, config=config, observers=observers),
            )
        except DevTeamError as error:
            return Replayed(hindrance=error)
        result = report.result
        early = result.reason.hindered or (result.reason is Reason.TAPE_EXHAUSTED and log.damage)
        if early and (log.ended is None or log.ended.reason != result.reason):
            return Replayed(hindrance=DevTeamError("the gates could not be run again", result.message))
        return Replayed(tuple(stale_evidence(log, Transcript.open(result.path))))


@takes("work_dir", *PRINTING)
def diff(flags: Flags, session: SessionName, other: Other) -> None:
    """Show where two sessions part: the first differing request or answer, then gates, cost and files."""
    from team.cli.paging import paged
    from team.transcript import Transcript
    from team.transcript.parting import as_json, parting, parting_parts

    config = presenting(flags)
    logs = [Transcript.open(find_session(name, config.work_dir)) for name in (session, other)]
    found = parting(*logs)
    if config.json_output:
        print_json(as_json(found))
        return
    with paged() as screen:
        screen.print(*parting_parts(found))
