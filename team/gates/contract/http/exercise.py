"""Every operation of a service as a script: rows are created, read, listed, changed, refused and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from team.gates.contract.http.calls import Answer, ref
from team.gates.contract.http.compare import rows_of, same
from team.gates.contract.http.script import Script
from team.gates.contract.http.values import JsonObject, RowValues
from team.specs.examples import example
from team.specs.names import article, pascal, phrase
from team.specs.service import Operation, Resource, Service, shape_of

REFUSED = (422,)
MISSING = {"integer": 2_000_000_011, "string": "no-such-row", "uuid": "00000000-0000-4000-8000-00000000dead"}
MOST_FILTERS = 12
MOST_ROWS = 3
OPEN = "open-operation"
"""The rule of an operation that nobody has written yet."""
MOST_WRONG = 1_500
"""Wrong values in all; with more, each field is tried with one only."""


@dataclass(frozen=True)
class Row:
    """One stored row: the request that made it, what was sent, and how it is addressed."""

    step: str
    sent: JsonObject
    key: Any
    place: tuple[Any, ...] = ()
    """The values of the path parameters before the key."""


@dataclass
class Exercise:
    """Writes the script for one service."""

    service: Service
    values: Mapping[str, RowValues]
    """By entity."""
    script: Script = field(default_factory=Script)
    left_out: list[str] = field(default_factory=list)
    """What cannot be tried, and why."""

    def __post_init__(self) -> None:
        self._by_name = {resource.entity.name: resource for resource in self.service.resources}
        self._rows: dict[tuple[str, int], Row | None] = {}
        self._cleared: set[str] = set()
        wrong = sum(len(values.wrong()) for values in self.values.values())
        self._one_wrong_each = wrong > MOST_WRONG

    def write(self) -> Script:
        """All requests: first what must be there, then what must not be, and at last the deletions."""
        ordered = list(self._parents_first())
        for resource in ordered:
            self._stored(resource)
        for resource in ordered:
            self._refused(resource)
        for resource in reversed(ordered):
            self._deleted(resource)
        for operation in self.service.open:
            self._open(operation)
        return self.script

    def _open(self, operation: Operation) -> None:
        """Operations that are more than rows: what they do is not known here, but they must do something."""
        samples = [_sample(parameter.schema) for parameter in operation.path_parameters]
        query = {each.name: example(each.name, each.schema) for each in operation.query if each.required}
        path = _path(operation.path, samples)
        body = None if operation.request is None else example("body", operation.request)
        step = (
            self.script.ask(operation, path, query=query)
            if operation.request is None
            else self.script.ask(operation, path, body=body, query=query)
        )

        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            answer = answers[step]
            if answer.error or answer.status >= 500 or answer.status == 405:
                yield f"it is not implemented: {answer.error or answer.status}"

        self.script.judge(step, operation, OPEN, judge)

    def _parents_first(self) -> Iterator[Resource]:
        left = list(self.service.resources)
        done: set[str] = set()
        while left:
            free = [each for each in left if self._needs(each) <= done | {each.entity.name}] or left[:1]
            for each in free:
                left.remove(each)
                done.add(each.entity.name)
                yield each

    def _needs(self, resource: Resource) -> set[str]:
        owner = self._owner(resource)
        above = {owner.entity.name} if owner is not None else set()
        return above | {target for _, target in self._references(resource) if target in self._by_name}

    def _references(self, resource: Resource, *, required: bool = True) -> list[tuple[str, str]]:
        """The fields that name a row of another entity, and that entity."""
        return [
            (each.name, pascal(each.references.partition(".")[0]))
            for each in resource.entity.fields
            if each.references and (each.required or not required)
        ]

    # --- rows ------------------------------------------------------------------------------------------

    def _row(self, resource: Resource, number: int) -> Row | None:
        """The `number`-th row of a resource, created at first need; None when it cannot be."""
        name = resource.entity.name
        if (name, number) not in self._rows:
            self._rows[name, number] = None  # a row that needs itself is none
            self._rows[name, number] = self._create(resource, number)
        return self._rows[name, number]

    def _create(self, resource: Resource, number: int) -> Row | None:
        create = resource.operations.get("create")
        sent = self._body(resource, number)
        if create is None or sent is None:
            return None
        place = self._place(resource)
        if place is None:
            return None
        step = self.script.ask(create, _path(create.path, place), body=sent)
        if resource.key.given:
            return Row(step, sent, sent.get(resource.key.json), place)
        return Row(step, sent, ref(step, resource.key.json), place)

    def _place(self, resource: Resource) -> tuple[Any, ...] | None:
        """The values of the path parameters before the key; None when the row they name cannot be made."""
        owner = self._owner(resource)
        if owner is None:
            return tuple(_sample(parameter.schema) for parameter in resource.parents)
        row = self._row(owner, 1) or self._row(owner, 0)
        return None if row is None else (*row.place, row.key)

    def _owner(self, resource: Resource) -> Resource | None:
        """The resource that the rows of another lie in, by their paths."""
        above = shape_of(resource.path.rstrip("/").rpartition("/")[0])
        return next((each for each in self.service.resources if shape_of(each.item_path) == above), None)

    def _body(self, resource: Resource, number: int) -> JsonObject | None:
        """What is sent for the `number`-th row."""
        body = self.values[resource.entity.name].body(number)
        if body is None:
            return None
        unique = {each.name for each in resource.entity.fields if each.unique}
        for name, target in self._references(resource):
            parent = self._row(self._by_name[target], number if name in unique else 0)
            if parent is None:
                return None
            body[name] = parent.key
        return self._in_json(resource, body)

    def _in_json(self, resource: Resource, values: JsonObject) -> JsonObject:
        return {resource.json_name(name): value for name, value in values.items()}

    def _at(self, operation: Operation, row: Row) -> list[Any]:
        return _path(operation.path, (*row.place, row.key))

    # --- what must work --------------------------------------------------------------------------------

    def _stored(self, resource: Resource) -> None:
        create = resource.operations.get("create")
        first = self._row(resource, 0)
        if create is None or first is None:
            why = "nothing creates one" if create is None else "no example keeps its rules"
            self.left_out.append(f"{resource.entity.plural} were not tried with stored rows: {why}")
            return
        self._created(resource, create, first)
        self._read(resource, first, first.sent, "what was created")
        second = self._row(resource, 1)
        if second is not None:
            self.script.expect(second.step, create, "create", (create.status,), "storing another row")
        self._listed(resource, first, second)
        self._updated(resource, first)
        self._replaced(resource, first, second)

    def _created(self, resource: Resource, create: Operation, row: Row) -> None:
        what = f"storing {_one(resource)}"
        self.script.expect(row.step, create, "create", (create.status,), what)
        if create.response is not None:
            self._holds(row.step, create, resource, row.sent, "the answer")

    def _read(self, resource: Resource, row: Row, wanted: JsonObject, what: str) -> None:
        read = resource.operations.get("read")
        if read is None:
            return
        step = self.script.ask(read, self._at(read, row))
        self.script.expect(step, read, "read", (read.status,), f"reading {what}")
        self._holds(step, read, resource, wanted, what)

    def _holds(
        self, step: str, operation: Operation, resource: Resource, wanted: JsonObject, what: str
    ) -> None:
        """Demand that an answer has the values that were sent, as far as the answer promises them."""
        shown = _shown(operation)

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
                elif not _same(value, body[name], answers):
                    yield f"{what} has another `{name}` than was stored: {body[name]!r:.80}"

        self.script.judge(step, operation, "values", judge)

    def _listed(self, resource: Resource, first: Row, second: Row | None) -> None:
        listing = resource.operations.get("list")
        if listing is None:
            return
        rows = [row for row in (first, second) if row is not None]
        path = _path(listing.path, first.place)
        step = self.script.ask(listing, path)
        self.script.expect(step, listing, "list", (listing.status,), "listing")
        self._contains(step, listing, resource, rows, "the list")
        names = {query.name for query in listing.query}
        if {"limit", "offset"} <= names and len(rows) > 1:
            self._paged(resource, listing, path)
        fields = [each.name for each in resource.entity.fields if resource.json_name(each.name) in names]
        for name in fields[:MOST_FILTERS]:
            self._filtered(resource, listing, path, first, resource.json_name(name))

    def _contains(
        self, step: str, operation: Operation, resource: Resource, rows: list[Row], what: str
    ) -> None:
        def judge(answers: Mapping[str, Answer]) -> Iterator[str]:
            answer = answers[step]
            if answer.error or answer.status != operation.status:
                return
            found = rows_of(answer.json)
            if found is None:
                yield f"{what} is neither a list nor a page with one"
                return
            for row in rows:
                key = _value(row.key, answers)
                matches = [
                    each for each in found if isinstance(each, dict) and each.get(resource.key.json) == key
                ]
                if not matches:
                    yield f"{what} does not have a row that was stored"
                elif wrong := [
                    name
                    for name, value in row.sent.items()
                    if name in matches[0] and not _same(value, matches[0][name], answers)
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
            others = [
                each for each in found if isinstance(each, dict) and not _same(value, each.get(name), answers)
            ]
            if others:
                yield f"filtering by `{name}` also gives rows with another value"
            if not any(
                each.get(resource.key.json) == _value(row.key, answers)
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
        change = _only(self._in_json(resource, change), update)
        if not change:
            return
        step = self.script.ask(update, self._at(update, row), body=change)
        self.script.expect(step, update, "update", (update.status,), f"changing `{next(iter(change))}`")
        if update.response is not None:
            self._holds(step, update, resource, row.sent | change, "the changed row")
        self._read(resource, row, row.sent | change, "what was changed")
        row.sent.update(change)

    def _replaced(self, resource: Resource, row: Row, second: Row | None) -> None:
        replace = resource.operations.get("replace")
        if replace is None:
            return
        whole = _only(self._body(resource, 0) or row.sent, replace)
        step = self.script.ask(replace, self._at(replace, row), body=whole)
        self.script.expect(step, replace, "replace", (replace.status,), f"replacing {_one(resource)}")
        row.sent.update(whole)
        if replace.response is not None:
            self._holds(step, replace, resource, row.sent, "the replaced row")
        self._read(resource, row, row.sent, "what was replaced")

    # --- what must be refused --------------------------------------------------------------------------

    def _refused(self, resource: Resource) -> None:
        self._unknown_rows(resource)
        create = resource.operations.get("create")
        row = self._row(resource, 0)
        if create is None or row is None:
            return
        path = _path(create.path, row.place)
        self._wrong_values(resource, create, path, row)
        self._left_out_values(resource, create, path)
        self._rules(resource, create, path, row)
        self._taken(resource, create, path, row)
        for name, _ in self._references(resource, required=False):
            body = row.sent | {resource.json_name(name): MISSING["integer"]}
            step = self.script.ask(create, path, body=self._fresh(resource, body))
            self.script.expect(step, create, "reference", (400, 404, 409, 422), f"`{name}` that names no row")

    def _fresh(self, resource: Resource, body: JsonObject) -> JsonObject:
        """The body with unique values that are not taken yet."""
        third = self._body(resource, 2) or {}
        unique = {
            resource.json_name(each.name)
            for each in resource.entity.fields
            if each.unique and not each.references
        }
        return {**body, **{name: value for name, value in third.items() if name in unique}}

    def _unknown_rows(self, resource: Resource) -> None:
        place = self._place(resource) or tuple(_sample(each.schema) for each in resource.parents)
        key = MISSING[
            "string"
            if resource.key.schema.get("type") == "string" and resource.key.type != "uuid"
            else resource.key.type
        ]
        body = self._body(resource, 0) or {}
        for verb in ("read", "update", "replace", "delete"):
            operation = resource.operations.get(verb)
            if operation is None:
                continue
            path = _path(operation.path, (*place, key))
            if operation.request is None:
                step = self.script.ask(operation, path)
            else:
                whole = _only(body, operation) or self._plain(resource, operation)
                step = self.script.ask(operation, path, body=whole)
            self.script.expect(step, operation, "not-found", (404,), "a row that does not exist")

    def _plain(self, resource: Resource, operation: Operation) -> JsonObject:
        body = self.values[resource.entity.name].body(0) or {}
        return _only(self._in_json(resource, body), operation)

    def _wrong_values(self, resource: Resource, create: Operation, path: list[Any], row: Row) -> None:
        update = resource.operations.get("update")
        tried: set[str] = set()
        for name, value, why in self.values[resource.entity.name].wrong():
            json_name = resource.json_name(name)
            first = name not in tried
            tried.add(name)
            if self._one_wrong_each and not first:
                continue
            what = f"`{json_name}` that is {why}"
            if json_name in _sent(create):
                body = self._fresh(resource, row.sent) | {json_name: value}
                self.script.expect(
                    self.script.ask(create, path, body=body), create, "validation", _refusals(create), what
                )
            if update is not None and first and json_name in _sent(update):
                step = self.script.ask(update, self._at(update, row), body={json_name: value})
                self.script.expect(step, update, "validation", _refusals(update), what)

    def _left_out_values(self, resource: Resource, create: Operation, path: list[Any]) -> None:
        whole = self._body(resource, 2) or self._body(resource, 0)
        for name in (create.request or {}).get("required", ()):
            if whole is not None and name in whole:
                body = {other: value for other, value in whole.items() if other != name}
                step = self.script.ask(create, path, body=body)
                self.script.expect(step, create, "validation", _refusals(create), f"a row without `{name}`")

    def _rules(self, resource: Resource, create: Operation, path: list[Any], row: Row) -> None:
        for changes, message in self.values[resource.entity.name].breaking():
            changes = self._in_json(resource, changes)
            what = f"a row that breaks the rule {message!r}"
            body = self._fresh(resource, self._body(resource, 0) or row.sent) | changes
            self.script.expect(self.script.ask(create, path, body=body), create, "rule", REFUSED, what)
            for verb in ("update", "replace"):
                operation = resource.operations.get(verb)
                if operation is None:
                    continue
                sent = changes if verb == "update" else (self._body(resource, 0) or row.sent) | changes
                step = self.script.ask(operation, self._at(operation, row), body=sent)
                self.script.expect(step, operation, "rule", REFUSED, what)

    def _taken(self, resource: Resource, create: Operation, path: list[Any], row: Row) -> None:
        third = self._body(resource, 2)
        second = self._row(resource, 1)
        for each in resource.entity.fields:
            name = resource.json_name(each.name)
            if not each.unique or name not in row.sent or third is None:
                continue
            body = third | {name: row.sent[name]}
            step = self.script.ask(create, path, body=body)
            self.script.expect(step, create, "unique", (409,), f"a `{name}` that is taken")
            update = resource.operations.get("update")
            if update is not None and second is not None and name in _sent(update):
                step = self.script.ask(update, self._at(update, second), body={name: row.sent[name]})
                self.script.expect(step, update, "unique", (409,), f"a `{name}` that is taken")

    # --- deletions -------------------------------------------------------------------------------------

    def _deleted(self, resource: Resource) -> None:
        delete = resource.operations.get("delete")
        row = self._row(resource, 0)
        if delete is None or row is None:
            return
        holders = list(self._holders(resource))
        for holder, name, _ in holders:
            self._held(resource, delete, row, holder, name)
        for holder, _, action in holders:
            if action == "restrict":
                self._clear(holder)
        step = self.script.ask(delete, self._at(delete, row))
        if all("delete" in holder.operations for holder, _, action in holders if action == "restrict"):
            self.script.expect(step, delete, "delete", (delete.status,), f"deleting {_one(resource)}")
            self._gone(resource, row)
            again = self.script.ask(delete, self._at(delete, row))
            self.script.expect(again, delete, "delete", (404,), "deleting it again")

    def _clear(self, resource: Resource) -> None:
        """Delete every row that is still there, so that none is in the way."""
        delete = resource.operations.get("delete")
        for number in range(MOST_ROWS):
            row = self._rows.get((resource.entity.name, number))
            if delete is not None and row is not None and row.step not in self._cleared:
                self._cleared.add(row.step)
                self.script.ask(delete, self._at(delete, row))

    def _gone(self, resource: Resource, row: Row) -> None:
        read = resource.operations.get("read")
        if read is not None:
            step = self.script.ask(read, self._at(read, row))
            self.script.expect(step, read, "delete", (404,), "reading what was deleted")

    def _holders(self, resource: Resource) -> Iterator[tuple[Resource, str, str]]:
        """The resources whose first row refers to this one's first row: field, and what deleting does."""
        for holder in self.service.resources:
            for each in holder.entity.fields:
                target = pascal((each.references or "").partition(".")[0])
                if target == resource.entity.name and each.required and self._row(holder, 0) is not None:
                    yield holder, each.name, each.on_delete or "restrict"

    def _held(self, resource: Resource, delete: Operation, row: Row, holder: Resource, name: str) -> None:
        field_ = next(each for each in holder.entity.fields if each.name == name)
        if (field_.on_delete or "restrict") == "restrict":
            step = self.script.ask(delete, self._at(delete, row))
            doing = f"deleting {_one(resource)} that {article(phrase(holder.entity.name))} refers to"
            self.script.expect(step, delete, "restrict", (409,), doing)


def _path(template: str, values: Iterable[Any]) -> list[Any]:
    """A path template with its parameters filled in, in order."""
    left = list(values)
    parts: list[Any] = []
    rest = template
    while "{" in rest and left:
        before, _, after = rest.partition("{")
        parts += [before, left.pop(0)]
        rest = after.partition("}")[2]
    return [*parts, rest]


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value for a path parameter."""
    return example("sample", dict(schema)) if schema else "sample"


def _one(resource: Resource) -> str:
    return article(phrase(resource.entity.name))


def _value(value: Any, answers: Mapping[str, Answer]) -> Any:
    """A value with its references replaced by what was answered."""
    if not (isinstance(value, dict) and "$from" in value):
        return value
    found = answers[value["$from"]].json
    for key in value["at"]:
        if not isinstance(found, dict | list):
            raise KeyError(key)
        found = found[key]
    return found


def _same(sent: Any, received: Any, answers: Mapping[str, Answer]) -> bool:
    return same(_value(sent, answers), received)


def _sent(operation: Operation) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = (operation.request or {}).get("properties", {})
    return properties


def _shown(operation: Operation) -> Mapping[str, Any] | None:
    return None if operation.response is None else operation.response.get("properties")


def _only(values: JsonObject, operation: Operation) -> JsonObject:
    """The values that an operation takes."""
    return {name: value for name, value in values.items() if name in _sent(operation)}


def _refusals(operation: Operation) -> tuple[int, ...]:
    """The statuses of a refused body: 422, or what the spec names in its place."""
    return (400, 422) if 400 in operation.errors else REFUSED
