"""`show`: one session in the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from team.cli.history import SessionName, find_session
from team.cli.options import PRINTING, Flags, takes
from team.cli.places import presenting

if TYPE_CHECKING:
    from team.transcript import Transcript
    from team.transcript.events import Event
    from team.transcript.line import Line
    from team.transcript.outline import Damage


@takes("work_dir", *PRINTING)
def show(
    flags: Flags,
    session: SessionName,
    full: Annotated[bool, typer.Option("--full", help="Whole messages, code, output and findings.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="The diff of the whole session, or of one --iteration.")
    ] = False,
    iteration: Annotated[
        int | None,
        typer.Option("--iteration", metavar="N", min=1, help="What led to turn N and what it found."),
    ] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="R", help="What one role said.")] = None,
    blame: Annotated[
        bool, typer.Option("--blame", help="Which message brought each failure, and nothing else.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on while the session runs.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as one web page; -: to stdout.")
    ] = None,
    otel: Annotated[
        bool, typer.Option("--otel", help="Send it as traces to where the OTEL_… variables say.")
    ] = False,
    inspect: Annotated[bool, typer.Option("--inspect", "-i", help="Walk through it: j k J K / ? q.")] = False,
) -> None:
    """Show a session: how it ended, what the gates found, what changed, what it cost, and who said what."""
    config = presenting(flags)
    folder = find_session(session, config.work_dir)
    full = full or config.verbose
    if not any((html, config.json_output, otel, inspect, diff, blame, follow, iteration, role)):
        _print_page(folder, full=full)
        return
    from team.transcript import Transcript

    log = Transcript(folder)
    _check(log, iteration, role)
    if html is not None:
        from team.cli.viewing import write_html

        write_html(log, html, as_json=config.json_output)
    elif config.json_output:
        _print_json(log)
    elif otel:
        _send(log)
    elif inspect:
        _inspect(log)
    elif diff:
        _print_diff(log, iteration)
    elif blame:
        _print_blame(log)
    elif follow:
        _follow(log, iteration, role, full=full)
    else:
        _print_chosen(log, iteration, role, full=full)


def _check(log: Transcript, iteration: int | None, role: str | None) -> None:
    from team.errors import UsageError

    if iteration is not None and iteration > max(log.iterations, 1):
        raise UsageError(f"there is no iteration {iteration}", f"the session has {log.iterations}")
    if role is None:
        return
    roles = {row.agent for row in log.outline.rows if row.agent}
    if role not in roles:
        raise UsageError(f"nobody called {role!r} speaks in it", f"the roles are {', '.join(sorted(roles))}")


def _print_page(folder: Path, *, full: bool) -> None:
    """The whole page; the verdict is there before what a long log needs is so much as imported."""
    from team.cli.paging import paged
    from team.transcript.standing import began, standing, verdict_lines

    with paged() as screen:
        told, when = standing(folder), began(folder)
        if told is not None and when:
            screen.lines(verdict_lines(folder, told, when))
            screen.flush()
        from team.transcript import Transcript
        from team.transcript.body import body
        from team.transcript.head import damage_lines, opening_lines, summary_parts

        log = Transcript(folder)
        screen.lines(damage_lines(log) if told is not None and when else opening_lines(log))
        screen.print(*summary_parts(log))
        screen.lines(body(log.read(), full=full, changes=log.changes_by_iteration()))


def _print_chosen(log: Transcript, iteration: int | None, role: str | None, *, full: bool) -> None:
    from team.cli.paging import paged
    from team.transcript.body import body
    from team.transcript.head import opening_lines

    with paged() as screen:
        screen.lines(opening_lines(log))
        items = _chosen(log, iteration, role)
        screen.lines(body(items, full=full, changes=log.changes_by_iteration()))


def _chosen(log: Transcript, iteration: int | None, role: str | None) -> Iterator[Event | Damage]:
    """The events that are asked for; of one iteration also what its authors said before."""
    from team.transcript.body import round_of
    from team.transcript.outline import Damage

    rows = (
        row
        for row in log.outline.rows
        if role in (None, row.agent) and (iteration is None or iteration - 1 <= row.iteration <= iteration)
    )
    for item in log.read_rows(rows):
        if isinstance(item, Damage) or iteration is None or round_of(item) == iteration:
            yield item


def _follow(log: Transcript, iteration: int | None, role: str | None, *, full: bool) -> None:
    from team.cli.paging import paged
    from team.transcript import Transcript
    from team.transcript.body import body, round_of
    from team.transcript.following import follow
    from team.transcript.head import opening_lines
    from team.transcript.line import Line
    from team.transcript.outline import Damage

    with paged(pager=False) as screen:
        screen.lines(opening_lines(log))
        screen.flush()
        for item in follow(log.folder):
            wanted = isinstance(item, Damage) or (
                role in (None, item.agent) and (iteration is None or round_of(item) == iteration)
            )
            if wanted:
                screen.lines(body([item], full=full))
                screen.flush()
        screen.lines([Line(""), next(opening_lines(Transcript(log.folder)))])


def _print_diff(log: Transcript, iteration: int | None) -> None:
    from team.cli.paging import paged
    from team.transcript.body import diff_lines

    with paged() as screen:
        screen.lines(diff_lines(log.diff(iteration)))


def _print_blame(log: Transcript) -> None:
    from team.cli.paging import paged
    from team.transcript.blame import blame
    from team.transcript.line import Line
    from team.transcript.regressions import regression_lines

    found = blame(log.events())
    with paged() as screen:
        lines: Iterable[Line] = regression_lines(found, log)
        screen.lines(lines if found else [Line("nothing got worse")])


def _send(log: Transcript) -> None:
    from team.cli.traces import send

    print(f"{send(log)} spans sent")


def _inspect(log: Transcript) -> None:
    from team.errors import UsageError

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("-i needs a terminal", f"devteam show {log.folder.name} prints it")
    from team.cli.inspector import Inspector

    Inspector(log).run()


def _print_json(log: Transcript) -> None:
    """The summary and all events as one object, written event by event."""
    head = json.dumps(log.summary | {"path": str(log.folder.resolve())}, ensure_ascii=True, indent=2)
    sys.stdout.write(head.removesuffix("\n}") + ',\n  "events": [')
    for number, event in enumerate(log.events()):
        sys.stdout.write(("," if number else "") + "\n    ")
        sys.stdout.write(json.dumps(event.model_dump(mode="json"), ensure_ascii=True))
    sys.stdout.write("\n  ]\n}\n")
