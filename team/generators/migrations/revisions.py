"""The file of a revision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import prompts
from team.generators.crud.entities import literal
from team.generators.migrations import operations as op
from team.generators.migrations.tables import Table, in_order, late_keys

FOLDER = "alembic/versions"
_LONGEST_SLUG = 40


@dataclass(frozen=True)
class Revision:
    """One step of a database's schema: how it is made, and undone.

    Attributes:
        number: its place, from 1.
        title: what it does, as a sentence without its full stop.
        upgrade: its statements, as source.
        downgrade: the statements that undo it, as source.
        down_revision: the revision that it follows, or None.
    """

    number: int
    title: str
    upgrade: Sequence[str]
    downgrade: Sequence[str]
    down_revision: str | None = None

    @property
    def name(self) -> str:
        """What Alembic calls it."""
        return f"{self.number:04}"

    @property
    def path(self) -> str:
        """Its place in the workspace."""
        words = re.sub(r"[^a-z0-9]+", "_", self.title.lower()).strip("_")
        if len(words) > _LONGEST_SLUG:
            words = words[:_LONGEST_SLUG].rpartition("_")[0]
        return f"{FOLDER}/{self.name}_{words}.py"

    def source(self) -> str:
        """Its text, before it is formatted."""
        return prompts.render("drafts/crud/alembic/versions/revision.py.j2", revision=self, literal=literal)


def first_revision(tables: Sequence[Table]) -> Revision:
    """The revision that creates all tables."""
    ordered = in_order(tables)
    late = late_keys(ordered)
    upgrade = [
        line for table in ordered for line in op.create_table(table, [k for t, k in late if t is table])
    ]
    downgrade = []
    for table in ordered:
        keys = [key for owner, key in late if owner is table]
        if keys:
            upgrade.append(op.batch(table.name, [op.add_key(table, key) for key in keys]))
            names = [key.name(table.name) for key in keys]
            downgrade.append(op.batch(table.name, [op.drop_constraint(n, "foreignkey") for n in names]))
    downgrade += [op.drop_table(table.name) for table in reversed(ordered)]
    return Revision(1, _creating(tables), upgrade, downgrade)


def _creating(tables: Sequence[Table]) -> str:
    names = [table.name.replace("_", " ") for table in tables]
    if not names:
        return "Begin without tables"
    if len(names) > 3:
        return f"Create the {len(names)} tables"
    return f"Create {' and '.join([', '.join(names[:-1]), names[-1]] if names[1:] else names)}"
