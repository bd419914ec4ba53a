"""The migration gate: migrations make the tables of the models, can be undone, and keep the rows."""

from __future__ import annotations

from collections.abc import Iterator

from team.gates.base import Finding, GateResult, Target
from team.gates.evidence import Evidence
from team.gates.migration.findings import findings_of
from team.gates.migration.history import by_name, chain, faults, revisions, table_file
from team.gates.migration.story import run_migrations, run_on_server
from team.gates.static import result

INI = "alembic.ini"
SERVICES = frozenset({"api", "crud"})
"""Kinds of spec whose tables must come from migrations."""


class MigrationGate:
    """Runs Alembic's migrations on a database of ours, up and down, over rows of ours."""

    name = "migration"

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def skips(self, target: Target) -> str | None:
        """There must be migrations, or tables of a service that should have some."""
        if (target.root / INI).is_file() and revisions(target.root, target.sources):
            return None
        if target.spec is None or target.spec.kind not in SERVICES:
            return "there are no migrations of Alembic at the top of the tree"
        return None if table_file(target.root, target.sources) else "the service has no tables"

    def run(self, target: Target) -> GateResult:
        """Fail for whatever a database with rows would suffer from; ask a person where rows are lost."""
        if self._evidence.broken:
            return GateResult(name=self.name, status="fail", why=self._evidence.broken)
        found = revisions(target.root, target.sources)
        wrong = list(self._missing(target, bool(found))) or list(faults(found))
        if wrong:
            return result(self.name, wrong)
        names = chain(found)
        story = run_migrations(target, self._evidence.facts, names)
        findings = list(findings_of(story, by_name(found)))
        where = "SQLite"
        if target.settings.database_url and not any(finding.severity != "minor" for finding in findings):
            other = findings_of(run_on_server(target, names), by_name(found))
            findings += [finding for finding in other if finding not in findings]
            where = "SQLite and PostgreSQL"
        many = "1 revision" if len(found) == 1 else f"{len(found)} revisions"
        unseeded = [name for frame in story.of("unseeded") for name in frame["tables"]]
        left_out = f", no rows for {', '.join(map(str, unseeded))}" if unseeded else ""
        return result(self.name, findings, f"{many} up and down on {where}{left_out}" if not findings else "")

    def _missing(self, target: Target, any_revision: bool) -> Iterator[Finding]:
        if any_revision and (target.root / INI).is_file():
            return
        file, line = table_file(target.root, target.sources) or (None, None)
        text = "there is no alembic.ini beside them" if any_revision else "no migration makes the tables"
        message = f"{text}: `alembic upgrade head` has to give an empty database all tables of the models"
        yield Finding(file=file, line=line, rule="no-migrations", message=message)
