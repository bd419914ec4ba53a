"""`list` and `stats`: many sessions at once, from the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from team.cli.options import PRINTING, Flags, takes
from team.cli.places import presenting
from team.cli.table import aligned, painted
from team.cli.terminal import print_json
from team.transcript.line import COLOURS

if TYPE_CHECKING:
    from team.transcript.finding import Catalogued, Hit
    from team.transcript.statistics import Figures, Group

STATUSES = ("accepted", "rejected", "stopped", "failed", "running")
_ROOMY = 100
_BY = "gate, kind, prompt, model or role"


@takes("work_dir", *PRINTING)
def list_sessions(
    flags: Flags,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="At most so many; 0: all.")] = 30,
    status: Annotated[
        str, typer.Option("--status", metavar="S", help=f"Only these: {', '.join(STATUSES)}.")
    ] = "",
    search: Annotated[
        str,
        typer.Option(
            "--search", "-q", metavar="TEXT", help='All these words, anywhere; "a phrase", a begin*.'
        ),
    ] = "",
) -> None:
    """List the sessions in the work_dir, the newest first."""
    work_dir, as_json, _ = presenting(flags)
    _check_status(status)
    if search:
        _print_hits(_hits(work_dir, search, status), work_dir, limit, as_json=as_json)
        return
    shown, total = _newest(work_dir, status, limit)
    if as_json:
        print_json({"sessions": [_summary(work_dir, row) for row in shown]})
    elif not total:
        which = f"{status} " if status else ""
        print(f'no {which}sessions in {_plain(work_dir)} yet; start one with devteam run "…"')
    else:
        _print_table(shown, work_dir)
        if total > len(shown):
            print(painted(f"{total - len(shown)} older ones: devteam list --limit 0", "dim"))


@takes("work_dir", *PRINTING)
def stats(
    flags: Flags,
    by: Annotated[str, typer.Option("--by", metavar="WHAT", help=f"By {_BY}.")] = "",
) -> None:
    """Figures over all sessions: acceptance, iterations to green, cost, tokens, and which gates fail."""
    from team.transcript.catalog import Catalog
    from team.transcript.statistics import GROUPS, as_json, grouped, overall

    if by and by not in GROUPS:
        from team.errors import UsageError

        raise UsageError(f"there are no figures by {by!r}", f"choose {_BY}")
    wanted = presenting(flags)
    catalog = Catalog(wanted.work_dir)
    chosen: Sequence[Group] = [group for group in GROUPS if by in ("", group)]
    everything, groups = catalog.ask(
        lambda db: (overall(db), {group: grouped(db, group) for group in chosen})
    )
    if wanted.json_output:
        told = {f"by_{group}": {n: as_json(f) for n, f in found.items()} for group, found in groups.items()}
        print_json({"all": as_json(everything), **told})
        return
    print("\n".join(_facts(as_json(everything))))
    for group, found in groups.items():
        _print_group(group, found)


def _check_status(status: str) -> None:
    if status and status not in STATUSES:
        from team.errors import UsageError

        raise UsageError(f"there is no status {status!r}", f"choose {', '.join(STATUSES)}")


def _newest(work_dir: Path, status: str, limit: int) -> tuple[list[Catalogued], int]:
    """The rows to show, and how many there are of that status."""
    from team.transcript.catalog import Catalog
    from team.transcript.finding import count, newest

    catalog = Catalog(work_dir)
    if status not in ("running", "stopped"):
        return catalog.ask(lambda db: (newest(db, status=status, limit=limit), count(db, status)))
    # What nothing ended runs, or was cut off: only a look at its lock tells.
    unfinished, ended = catalog.ask(lambda db: (newest(db, status="unfinished"), newest(db, status=status)))
    rows = [row for row in unfinished if _status(work_dir, row) == status] + ended
    rows.sort(key=lambda row: row.name, reverse=True)
    return rows[:limit] if limit else rows, len(rows)


def _status(work_dir: Path, row: Catalogued) -> str:
    from team.transcript.lock import is_busy

    if row.status:
        return row.status
    return "running" if is_busy(work_dir / row.name) else "stopped"


def _summary(work_dir: Path, row: Catalogued) -> dict[str, Any]:
    from team.transcript import Transcript

    folder = work_dir / row.name
    return Transcript(folder).summary | {"path": str(folder.resolve())}


def _print_table(rows: Sequence[Catalogued], work_dir: Path) -> None:
    from shutil import get_terminal_size

    from team.transcript.numbers import money, short

    roomy = get_terminal_size().columns >= _ROOMY
    header = ["session", "status", "rounds", "calls", "tokens", "USD", "when", "what"]
    cells = []
    for row in rows:
        what = f"{row.kind or '?'}{': ' if row.title else ''}{row.title}"
        numbers = [str(row.iterations), str(row.calls), short(row.tokens), money(row.cost_usd)]
        status = _status(work_dir, row)
        cells.append([_plain(row.name), _plain(status)[:20], *numbers, _plain(row.began), _plain(what)[:60]])
    width = 8 if roomy else 6
    table = aligned(header[:width], [line[:width] for line in cells], right=frozenset({2, 3, 4, 5}))
    for number, line in enumerate(table):
        colour = COLOURS.get(line[1].strip(), "")
        line[1] = painted(line[1], colour) if number else line[1]
        text = ("  " if roomy else " ").join(line).rstrip()
        print(painted(text, "dim") if not number else text)


def _hits(work_dir: Path, words: str, status: str) -> list[Hit]:
    from team.transcript.catalog import Catalog
    from team.transcript.finding import named, search

    catalog = Catalog(work_dir)
    found = catalog.ask(lambda database: search(database, words, limit=10_000))
    if not status:
        return found
    names = dict.fromkeys(hit.session for hit in found)
    rows = catalog.ask(lambda database: named(database, names))
    kept = {row.name for row in rows if _status(work_dir, row) == status}
    return [hit for hit in found if hit.session in kept]


def _print_hits(hits: Sequence[Hit], work_dir: Path, limit: int, *, as_json: bool) -> None:
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.session, []).append(hit)
    shown = list(groups.items())[: limit or None]
    if as_json:
        told = [
            {
                "session": name,
                "path": str((work_dir / name).resolve()),
                "hits": [{"seq": hit.seq, "agent": hit.agent, "snippet": hit.snippet} for hit in found],
            }
            for name, found in shown
        ]
        print_json({"sessions": told})
        return
    for name, found in shown:
        print(painted(_plain(name), "bold"))
        for hit in found[:3]:
            print(_hit_line(hit))
        if len(found) > 3:
            print(painted(f"  and {len(found) - 3} more", "dim"))
    if not groups:
        print("nothing found")
    elif len(groups) > len(shown):
        print(painted(f"and {len(groups) - len(shown)} more sessions: --limit 0", "dim"))


def _hit_line(hit: Hit) -> str:
    return f"  #{hit.seq} {_plain(hit.agent) or 'task'}: {_marked(_plain(hit.snippet))}"


def _marked(snippet: str) -> str:
    return re.sub(r"⟦(.*?)⟧", lambda found: painted(found[1], "bold"), snippet)


def _facts(told: dict[str, Any]) -> list[str]:
    share = told["acceptance"]
    return [
        f"sessions   {told['sessions']}, {told['ended']} ended, {told['accepted']} accepted"
        + (f" ({share:.0%})" if share is not None else ""),
        f"to green   {_number(told['iterations_to_green'])} iterations (median)",
        f"model      {told['calls']:,} calls, {told['prompt_tokens']:,} tokens in,"
        f" {told['completion_tokens']:,} out, {told['seconds']:,.0f} s",
        f"cost       {_number(told['cost_usd'])} USD",
    ]


_HEADINGS = {
    "acceptance": "accepted",
    "iterations_to_green": "to green",
    "prompt_tokens": "tokens in",
    "completion_tokens": "out",
    "cost_usd": "USD",
    "sessions_red": "red in",
}
_LEFT_OUT = {"ended", "accepted", "calls"}


def _print_group(group: str, found: dict[str, Figures]) -> None:
    from team.transcript.statistics import CallFigures, as_json

    if not found:
        return
    rows = {name: as_json(figures) for name, figures in found.items()}
    whole = isinstance(next(iter(found.values())), CallFigures)
    columns = [name for name in next(iter(rows.values())) if whole or name not in _LEFT_OUT]
    header = [f"by {group}", *(_HEADINGS.get(name, name) for name in columns)]
    cells = [
        [_plain(name)[:40] or "(not recorded)", *(_cell(column, row[column]) for column in columns)]
        for name, row in rows.items()
    ]
    print()
    table = aligned(header, cells, right=frozenset(range(1, len(header))))
    for number, line in enumerate(table):
        text = "  ".join(line).rstrip()
        print(text if number else painted(text, "dim"))


def _cell(column: str, value: float | None) -> str:
    return f"{value:.0%}" if column == "acceptance" and value is not None else _number(value)


def _number(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}".rstrip("0").rstrip(".")


def _plain(text: object) -> str:
    """One harmless line: names and titles come from logs that anybody may have written."""
    from team.transcript.safe_text import one_line

    return one_line(str(text), 200)
