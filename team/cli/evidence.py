"""`verify` and `diff`: whether a session is what was written, and where two sessions part."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from team.cli.history import SessionName, find_session
from team.cli.options import PRESENTING, PRINTING, Flags, settings_of, takes
from team.cli.places import presenting
from team.cli.terminal import clean, print_json, results

if TYPE_CHECKING:
    from team.transcript import Transcript

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
    stale = _stale(flags, log) if replay else []
    intact = found.intact and not stale
    if config.json_output:
        problems = [{"where": problem.where, "what": problem.what} for problem in found.problems]
        told = {"session": log.session, "path": str(log.folder.resolve()), "intact": intact}
        print_json(told | {"problems": problems, "stale": stale, "notes": list(found.notes)})
        raise typer.Exit(0 if intact else 1)
    screen = results()
    for problem in found.problems:
        screen.print(f"✗ {clean(problem)}", style="red", soft_wrap=True)
    for line in stale:
        screen.print(f"✗ stale: {clean(line)}", style="red", soft_wrap=True)
    for note in found.notes:
        screen.print(f"· {clean(note)}", style="dim", soft_wrap=True)
    if intact:
        again = ", and the gates say the same again" if replay else ""
        words = f"✓ intact: {len(log.outline.rows)} events, their chain, requests, answers, totals and files"
        screen.print(words + again, style="green", soft_wrap=True)
    raise typer.Exit(0 if intact else 1)


def _stale(flags: Flags, log: Transcript) -> list[str]:
    """What the gates of a replay, in a folder that is thrown away, say differently."""
    from team.cli.sessions import recorded_settings, watched
    from team.replaying import replay_session
    from team.transcript import Transcript
    from team.transcript.compare import stale_evidence

    with tempfile.TemporaryDirectory(prefix="devteam-verify-") as folder:
        config = recorded_settings(flags, log.folder, output=None, work_dir=Path(folder))
        report = watched(
            config, lambda observers, approver: replay_session(log.folder, config=config, observers=observers)
        )
        return stale_evidence(log, Transcript.open(report.result.path))


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
