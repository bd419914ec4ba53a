"""What deleting does: rows are gone, and those that others refer to are held or go along."""

from __future__ import annotations

from collections.abc import Iterator

from team.gates.contract.http.rows import (
    MOST_ROWS,
    Row,
    StoredRows,
    one_of,
)
from team.specs.names import article, pascal, phrase
from team.specs.service import Operation, Resource


class Removals:
    """Writes the deletions of one resource."""

    def __init__(self, rows: StoredRows) -> None:
        self.rows = rows
        self.script = rows.script
        self._cleared: set[str] = set()

    def write(self, resource: Resource) -> None:
        """Delete its rows: first where others are in the way, then for good."""
        delete = resource.operations.get("delete")
        row = self.rows.row(resource, 0)
        if delete is None or row is None:
            return
        holders = list(self._holders(resource))
        for holder, name, _ in holders:
            self._held(resource, delete, row, holder, name)
        for holder, _, action in holders:
            if action == "restrict":
                self._clear(holder)
        step = self.script.ask(delete, self.rows.at(delete, row))
        if all("delete" in holder.operations for holder, _, action in holders if action == "restrict"):
            self.script.expect(step, delete, "delete", (delete.status,), f"deleting {one_of(resource)}")
            self._gone(resource, row)
            again = self.script.ask(delete, self.rows.at(delete, row))
            self.script.expect(again, delete, "delete", (404,), "deleting it again")

    def _clear(self, resource: Resource) -> None:
        """Delete every row that is still there, so that none is in the way."""
        delete = resource.operations.get("delete")
        for number in range(MOST_ROWS):
            row = self.rows.stored.get((resource.entity.name, number))
            if delete is not None and row is not None and row.step not in self._cleared:
                self._cleared.add(row.step)
                self.script.ask(delete, self.rows.at(delete, row))

    def _gone(self, resource: Resource, row: Row) -> None:
        read = resource.operations.get("read")
        if read is not None:
            step = self.script.ask(read, self.rows.at(read, row))
            self.script.expect(step, read, "delete", (404,), "reading what was deleted")

    def _holders(self, resource: Resource) -> Iterator[tuple[Resource, str, str]]:
        """The resources whose first row refers to this one's first row: field, and what deleting does."""
        for holder in self.rows.service.resources:
            for each in holder.entity.fields:
                target = pascal((each.references or "").partition(".")[0])
                if target == resource.entity.name and each.required and self.rows.row(holder, 0) is not None:
                    yield holder, each.name, each.on_delete or "restrict"

    def _held(self, resource: Resource, delete: Operation, row: Row, holder: Resource, name: str) -> None:
        field_ = next(each for each in holder.entity.fields if each.name == name)
        if (field_.on_delete or "restrict") == "restrict":
            step = self.script.ask(delete, self.rows.at(delete, row))
            doing = f"deleting {one_of(resource)} that {article(phrase(holder.entity.name))} refers to"
            self.script.expect(step, delete, "restrict", (409,), doing)
