"""What many-to-many relationships do: pairs are made, listed and taken apart; unknown rows are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from team.gates.contract.http.calls import Answer
from team.gates.contract.http.compare import rows_of
from team.gates.contract.http.rows import MISSING, Row, StoredRows, filled_path, value_of
from team.gates.contract.http.works import Works
from team.specs.service import Linked, Operation


class Links:
    """Writes the requests for relationships; both rows are there, and stay."""

    def __init__(self, rows: StoredRows, works: Works) -> None:
        self._rows = rows
        self._script = rows.script
        self._works = works

    def write(self, link: Linked) -> None:
        """Make a pair, twice; list it; take it apart, twice; and make it again, so that deletions meet it."""
        owner, target = (self._rows.row(self._rows.by_name[name], 0) for name in (link.owner, link.target))
        if owner is None or target is None:
            name = link.listing.path.rpartition("/")[2]
            self._works.left_out.append(f"the {name} of {link.owner} were not tried: a row cannot be stored")
            return
        for doing in ("making a pair", "making a pair that is there"):
            self._ask(link.add, owner, target, link.add.status, doing)
        listed = self._list(link, owner)
        self._works.contains(
            listed, link.listing, self._rows.by_name[link.target], [target], "the list of pairs"
        )
        self._ask(link.remove, owner, target, link.remove.status, "taking a pair apart")
        self._ask(link.remove, owner, target, 404, "taking a pair apart that is none")
        self._empty(link, owner, target)
        self._unknown(link, owner, target)
        self._ask(link.add, owner, target, link.add.status, "making a pair again")

    def _ask(self, operation: Operation, owner: Row, target: Row, status: int, doing: str) -> None:
        step = self._script.ask(operation, filled_path(operation.path, (owner.key, target.key)))
        self._script.expect(step, operation, "link", (status,), doing)

    def _list(self, link: Linked, owner: Row) -> str:
        step = self._script.ask(link.listing, filled_path(link.listing.path, (owner.key,)))
        self._script.expect(step, link.listing, "link", (link.listing.status,), "listing pairs")
        return step

    def _empty(self, link: Linked, owner: Row, target: Row) -> None:
        step = self._list(link, owner)
        name = self._rows.by_name[link.target].key.json

        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            key = value_of(target.key, answers)
            shown = [row.get(name) for row in rows_of(answers[step].json) or [] if isinstance(row, dict)]
            if key in shown:
                yield "a pair that was taken apart is still listed"

        self._script.judge(step, link.listing, "link", judge)

    def _unknown(self, link: Linked, owner: Row, target: Row) -> None:
        nobody = Row(owner.step, {}, MISSING["integer"])
        self._ask(link.add, owner, nobody, 404, "making a pair with a row that is not there")
        self._ask(link.add, nobody, target, 404, "making a pair for a row that is not there")
        self._ask(link.remove, nobody, target, 404, "taking a pair apart for a row that is not there")
        step = self._script.ask(link.listing, filled_path(link.listing.path, (nobody.key,)))
        self._script.expect(
            step, link.listing, "link", (404,), "listing the pairs of a row that is not there"
        )
