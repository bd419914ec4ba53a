"""What must work: rows are stored, read, listed, changed and replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from team.gates.contract.http.calls import Answer
from team.gates.contract.http.compare import rows_of
from team.gates.contract.http.refusals import REFUSED
from team.gates.contract.http.rows import (
    Row,
    StoredRows,
    filled_path,
    one_of,
    only_sent,
    same_value,
    shown_by,
    value_of,
)
from team.gates.contract.http.values import JsonObject
from team.specs.service import Operation, Resource

MOST_FILTERS = 12


class Works:
    """Writes the requests that must work for one resource."""

    def __init__(self, rows: StoredRows) -> None:
        self.rows = rows
        self.script = rows.script
        self.values = rows.values
        self.left_out: list[str] = []
        """What cannot be tried, and why."""

    def write(self, resource: Resource) -> None:
        """Everything that the resource must do."""
        create = resource.operations.get("create")
        first = self.rows.row(resource, 0)
        if create is None or first is None:
            why = "nothing creates one" if create is None else "no example keeps its rules"
            self.left_out.append(f"{resource.entity.plural} were not tried with stored rows: {why}")
            return
        self._created(resource, create, first)
        self._read(resource, first, first.sent, "what was created")
        second = self.rows.row(resource, 1)
        if second is not None:
            self.script.expect(second.step, create, "create", (create.status,), "storing another row")
        self._listed(resource, first, second)
        self._updated(resource, first)
        self._replaced(resource, first, second)
        self._kept_rules(resource, first)

    def _created(self, resource: Resource, create: Operation, row: Row) -> None:
        what = f"storing {one_of(resource)}"
        self.script.expect(row.step, create, "create", (create.status,), what)
        if create.response is not None:
            self._holds(row.step, create, resource, row.sent, "the answer")

    def _read(self, resource: Resource, row: Row, wanted: JsonObject, what: str) -> None:
        read = resource.operations.get("read")
        if read is None:
            return
        step = self.script.ask(read, self.rows.at(read, row))
        self.script.expect(step, read, "read", (read.status,), f"reading {what}")
        self._holds(step, read, resource, wanted, what)

    def _holds(
        self, step: str, operation: Operation, resource: Resource, wanted: JsonObject, what: str
    ) -> None:
        """Demand that an answer has the values that were sent, as far as the answer promises them."""
        shown = shown_by(operation)

        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            answer = answers[step]
            if answer.error or answer.status != operation.status:
                return
            body = answer.json
            if not isinstance(body, dict):
                yield f"{what} is no JSON object"
                return
            for name, value in wanted.items():
                if shown is not None and name not in shown:
                    continue
                if name not in body:
                    yield f"{what} has no field `{name}`"
                elif not same_value(value, body[name], answers):
                    yield f"{what} has another `{name}` than was stored: {body[name]!r:.80}"

        self.script.judge(step, operation, "values", judge)

    def _listed(self, resource: Resource, first: Row, second: Row | None) -> None:
        listing = resource.operations.get("list")
        if listing is None:
            return
        rows = [row for row in (first, second) if row is not None]
        path = filled_path(listing.path, first.place)
        step = self.script.ask(listing, path)
        self.script.expect(step, listing, "list", (listing.status,), "listing")
        self.contains(step, listing, resource, rows, "the list")
        names = {query.name for query in listing.query}
        if {"limit", "offset"} <= names and len(rows) > 1:
            self._paged(resource, listing, path)
        fields = [each.name for each in resource.entity.fields if resource.json_name(each.name) in names]
        for name in fields[:MOST_FILTERS]:
            self._filtered(resource, listing, path, first, resource.json_name(name))

    def contains(
        self, step: str, operation: Operation, resource: Resource, rows: list[Row], what: str
    ) -> None:
        """Demand that a list has these rows, with the values that were sent."""

        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            answer = answers[step]
            if answer.error or answer.status != operation.status:
                return
            found = rows_of(answer.json)
            if found is None:
                yield f"{what} is neither a list nor a page with one"
                return
            for row in rows:
                key = value_of(row.key, answers)
                matches = [
                    each for each in found if isinstance(each, dict) and each.get(resource.key.json) == key
                ]
                if not matches:
                    yield f"{what} does not have a row that was stored"
                elif wrong := [
                    name
                    for name, value in row.sent.items()
                    if name in matches[0] and not same_value(value, matches[0][name], answers)
                ]:
                    yield f"{what} shows another `{wrong[0]}` than was stored"

        self.script.judge(step, operation, "list", judge)

    def _paged(self, resource: Resource, listing: Operation, path: list[Any]) -> None:
        whole = self.script.ask(listing, path)
        steps = [self.script.ask(listing, path, query={"limit": 1, "offset": offset}) for offset in (0, 1)]
        for number, step in enumerate(steps):

            def judge(answers: Mapping[str, Answer], step: str = step, number: int = number) -> Iterator[str]:
                everything, page = rows_of(answers[whole].json), rows_of(answers[step].json)
                if everything is not None and page != everything[number : number + 1]:
                    yield f"limit=1&offset={number} does not give row {number + 1} of the whole list alone"

            self.script.judge(step, listing, "pagination", judge)
        for query in ({"limit": -1}, {"limit": "many"}, {"offset": -1}):
            step = self.script.ask(listing, path, query=query)
            shown = "&".join(f"{name}={value}" for name, value in query.items())
            self.script.expect(step, listing, "pagination", REFUSED, f"`{shown}`")

    def _filtered(self, resource: Resource, listing: Operation, path: list[Any], row: Row, name: str) -> None:
        value = row.sent.get(name)
        if value is None or (isinstance(value, dict | list) and "$from" not in value):
            return
        step = self.script.ask(listing, path, query={name: value})
        self.script.expect(step, listing, "filter", (listing.status,), f"filtering by `{name}`")

        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            found = rows_of(answers[step].json)
            if answers[step].status != listing.status or found is None:
                return
            shown = [each for each in found if isinstance(each, dict)]
            others = [each for each in shown if not same_value(value, each.get(name), answers)]
            if others:
                yield f"filtering by `{name}` also gives rows with another value"
            if not any(
                each.get(resource.key.json) == value_of(row.key, answers)
                for each in found
                if isinstance(each, dict)
            ):
                yield f"filtering by `{name}` does not give a row that has the value"

        self.script.judge(step, listing, "filter", judge)

    def _updated(self, resource: Resource, row: Row) -> None:
        update = resource.operations.get("update")
        change = self.values[resource.entity.name].change()
        if update is None or change is None:
            return
        change = only_sent(self.rows.in_json(resource, change), update)
        if not change:
            return
        step = self.script.ask(update, self.rows.at(update, row), body=change)
        self.script.expect(step, update, "update", (update.status,), f"changing `{next(iter(change))}`")
        if update.response is not None:
            self._holds(step, update, resource, row.sent | change, "the changed row")
        self._read(resource, row, row.sent | change, "what was changed")
        row.sent.update(change)

    def _replaced(self, resource: Resource, row: Row, second: Row | None) -> None:
        replace = resource.operations.get("replace")
        if replace is None:
            return
        whole = only_sent(self.rows.body(resource, 0) or row.sent, replace)
        step = self.script.ask(replace, self.rows.at(replace, row), body=whole)
        self.script.expect(step, replace, "replace", (replace.status,), f"replacing {one_of(resource)}")
        row.sent.update(whole)
        if replace.response is not None:
            self._holds(step, replace, resource, row.sent, "the replaced row")
        self._read(resource, row, row.sent, "what was replaced")

    def _kept_rules(self, resource: Resource, row: Row) -> None:
        """What keeps every rule is taken, at their limits too; afterwards the row is as it was."""
        update = resource.operations.get("update")
        fixed = {each.name for each in resource.entity.fields if each.unique or each.references}
        for values, message in self.values[resource.entity.name].keeping():
            if update is None or fixed & values.keys():
                continue
            changes = self.rows.in_json(resource, values)
            before = {name: row.sent[name] for name in changes if name in row.sent}
            step = self.script.ask(update, self.rows.at(update, row), body=changes)
            what = f"a row that keeps the rule {message!r}"
            self.script.expect(step, update, "rule", (update.status,), what)
            self.script.ask(update, self.rows.at(update, row), body=before)
