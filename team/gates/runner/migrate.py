"""Runs the migrations of a workspace up and down over rows of ours, and reports what became of the database.

Runs as ``python -s -c`` in a copy of the workspace, inside the sandbox, with the sandbox's interpreter. The
migrations run in a child that is forked before the job is read; the database is looked at from here, with
nothing of the workspace around.

Input (stdin), as JSON: ``{"nonce": "…", "chain": ["0001", "0002"], "url": null or "postgresql://…",
"name": "…", "drop": false}``. The chain are the revisions, oldest first; an empty one stands for a history
that is no chain. The URL names a server, `name` what our database there is called; with `drop` that is only
cleared away.

Output (the report), one line ``NONCE {json}`` per step. Kinds: ready, unreachable, broken (a command failed),
elsewhere, unnamed, differs (models and migrations), remains (a downgrade leaves something), again (a second
upgrade comes out differently), lost (rows that should be kept), loss (rows that the upgrade has no place
for), unseeded, trouble, end. A run without ``end`` is no run.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from typing import Any, NoReturn

from .app_pipe import Application, Lost
from .migration_side import fork_migrator
from .reporting import Report
from .table_facts import Look, brief, losses, narrowings
from .table_seeds import Hints, seed
from .tried_database import Database, SQLiteDatabase, Unreachable, open_database

PR_SET_DUMPABLE = 4
SLOWEST = 60.0
MOST_TOLD = 20
_ASYNC = "async"


class Failed(Exception):
    """A command of Alembic did not end well; it was reported."""


class Journey:
    """The way through a history, up and down.

    Args:
        migrator: does Alembic's commands.
        database: what they work on.
        report: is told what is wrong.
    """

    def __init__(self, migrator: Application, database: Database, report: Report) -> None:
        self._migrator = migrator
        self._database = database
        self._report = report
        self._unseeded: set[str] = set()

    def all(self, chain: list[str]) -> None:
        """All steps, up to the first command that fails."""
        self._go("upgrade", "head", chain[0] if len(chain) == 1 else "")
        head = self._database.look()
        if not self._database.has_versions():
            self._report.say("elsewhere")
            return
        self._compare(head)
        hints = self._database.within(Hints)
        if len(chain) > 1:
            self._database.clear()
            self._stairs(chain, hints)
        else:
            self._seed(hints)
        self._round_trip(head, chain)
        if self._unseeded:
            self._report.say("unseeded", tables=sorted(self._unseeded))

    def _round_trip(self, head: Look, chain: list[str]) -> None:
        """Down to nothing over rows, and up again."""
        only = chain[0] if len(chain) == 1 else ""
        self._go("downgrade", "base", only)
        if left := self._database.look().facts:
            self._report.say("remains", revision=only, facts=brief(left)[:MOST_TOLD])
            raise Failed
        self._go("upgrade", "head", only)
        self._same("again", head, self._database.look(), only)

    def _stairs(self, chain: list[str], hints: Hints) -> None:
        """Every revision up, down and up again, over the rows of those before."""
        before, below = Look(), "base"
        for revision in chain:
            self._go("upgrade", revision, revision)
            above = self._database.look()
            for table, column, what in [*losses(before, above), *narrowings(before, above)]:
                self._report.say("loss", revision=revision, table=table, column=column, what=what)
            self._go("downgrade", below, revision)
            down = self._database.look()
            self._same("remains", before, down, revision)
            kept = _both(before, above)
            self._kept(kept, down, revision, "downgrade")
            self._go("upgrade", revision, revision)
            again = self._database.look()
            self._same("again", above, again, revision)
            self._kept(kept, again, revision, "upgrade")
            self._seed(hints)
            before, below = self._database.look(), revision

    def _go(self, do: str, to: str, revision: str) -> None:
        answer = self._migrator.ask({"do": do, "to": to}, SLOWEST)
        if "error" in answer:
            self._report.say("broken", step=do, revision=revision, **_told(answer))
            raise Failed
        if trouble := self._database.blocked():
            self._report.say("broken", step=do, revision=revision, error=trouble, at=[])
            raise Failed

    def _same(self, kind: str, wanted: Look, found: Look, revision: str) -> None:
        if differences := _differences(wanted, found):
            self._report.say(kind, revision=revision, facts=differences[:MOST_TOLD])
            raise Failed

    def _kept(self, wanted: Look, found: Look, revision: str, step: str) -> None:
        if lost := [what for _, _, what in losses(wanted, found)]:
            self._report.say("lost", revision=revision, step=step, what="; ".join(lost[:MOST_TOLD]))
            raise Failed

    def _compare(self, head: Look) -> None:
        """Models against migrations: as Alembic sees it, and by the tables that each of them make."""
        own = SQLiteDatabase("models")
        answer = self._migrator.ask({"do": "compare", "models": own.url}, SLOWEST)
        if "error" in answer:
            self._report.say("broken", step="check", revision="", **_told(answer))
            raise Failed
        if answer.get("unnamed"):
            self._report.say("unnamed")
            raise Failed
        told = [str(each) for each in answer.get("differences", [])]
        if not told and isinstance(self._database, SQLiteDatabase):
            told = _differences(own.look(), head)
        own.clear()
        if told:
            self._report.say("differs", facts=told[:MOST_TOLD])

    def _seed(self, hints: Hints) -> None:
        self._unseeded.update(self._database.within(lambda connection: seed(connection, hints)))


def main() -> NoReturn:
    """Do all steps, report, and leave."""
    # Its memory and descriptors are nobody's but ours, not even of those who run as the same user.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    channel = os.dup(1)
    os.dup2(2, 1)
    migrators = [fork_migrator([0, channel]) for _ in range(2)]
    job: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    report = Report(channel, job["nonce"])
    report.say("ready")
    try:
        with open_database(job["url"], job["name"], drop=job["drop"]) as database:
            if not job["drop"]:
                _travel(_reaching(migrators, database), database, report, job["chain"])
    except Unreachable as error:
        report.say("unreachable", text=str(error))
    except Lost as lost:
        report.say("trouble", text=str(lost))
    report.say("end")
    for each in migrators:
        each.close()
    os._exit(0)


def _travel(migrator: Application, database: Database, report: Report, chain: list[str]) -> None:
    """The whole way, or up to what fails: the database is let go of in either case."""
    with contextlib.suppress(Failed):
        Journey(migrator, database, report).all(chain)


def _reaching(migrators: list[Application], database: Database) -> Application:
    """The migrator whose URL the workspace can use: some need the name of an asynchronous driver."""
    for migrator, url in zip(migrators, database.urls, strict=False):
        migrator.ask({"do": "use", "url": url})
        answer = migrator.ask({"do": "upgrade", "to": "base"}, SLOWEST)
        if _ASYNC not in str(answer.get("error", "")).lower():
            return migrator
    return migrators[0]


def _both(before: Look, above: Look) -> Look:
    """What was there before and still is."""
    rows = {
        table: [{name: value for name, value in row.items() if name in above.columns[table]} for row in rows]
        for table, rows in before.rows.items()
        if table in above.columns
    }
    return Look(before.facts, before.columns, rows)


def _differences(wanted: Look, found: Look) -> list[str]:
    lines = [f"missing: {fact}" for fact in brief(wanted.facts - found.facts)]
    return lines + [f"too much: {fact}" for fact in brief(found.facts - wanted.facts)]


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    at = [[str(path), int(line)] for path, line in answer.get("at", [])]
    return {"error": str(answer["error"]), "at": at}


if __name__ == "__main__":
    main()
