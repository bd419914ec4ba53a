"""What a row is made of: the values of requests and answers, its key, what it belongs to, and its times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from team.specs.expand import Schema, allows_null, kind
from team.specs.made_names import attribute_name
from team.specs.service import Column, Key, Operation, Parameter, Role, Verb

CREATED = frozenset({"createdat", "created", "createdon", "createtime", "creationdate", "createddate"})
UPDATED = frozenset(
    {"updatedat", "updated", "updatedon", "modifiedat", "modified", "lastmodified", "updatedate"}
)


def normal(name: str) -> str:
    """A name without case and separators: ``petId``, ``pet_id`` and ``pet-id`` are the same."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def key_property(parameter: str, rows: Mapping[str, Schema], entity: str) -> str:
    """The property that a path parameter names; the parameter itself where there is none."""
    usable = {name: schema for name, schema in rows.items() if kind(schema) in ("integer", "string")}
    wanted = normal(parameter)
    by_name = {normal(name): name for name in usable}
    if wanted in by_name:
        return by_name[wanted]
    if wanted.endswith("id") and "id" in by_name:
        return by_name["id"]
    without = wanted.removeprefix(normal(entity))
    return by_name.get(without, parameter)


def columns_of(
    verbs: Mapping[Verb, Operation],
    key: Key,
    key_schema: Schema,
    parents: Sequence[Parameter],
    rows: Mapping[str, Schema],
) -> tuple[Column, ...]:
    """The columns of a resource: key, parents, values."""
    taken: set[str] = {"row_id"}
    sent = _sent(verbs)
    above = {normal(each.name): each for each in parents}
    columns = [_column(key.json, key_schema, "key", taken, nullable=False)]
    for parent in parents:
        same = next((name for name in rows if normal(name) == normal(parent.name)), parent.name)
        if same != key.json:
            columns.append(
                _column(
                    same,
                    rows.get(same) or parent.schema or {"type": "string"},
                    "parent",
                    taken,
                    nullable=False,
                )
            )
    for name, schema in rows.items():
        if name == key.json or normal(name) in above:
            continue
        role = _role(name, schema, sent)
        known = role != "value" or name in sent or "create" not in verbs
        columns.append(
            _column(name, schema, role, taken, nullable=_may_be_null(name, schema, role, verbs), known=known)
        )
    return tuple(columns)


def _column(
    name: str, schema: Schema, role: Role, taken: set[str], *, nullable: bool, known: bool = True
) -> Column:
    attribute = attribute_name(name, taken)
    taken.add(attribute)
    return Column(attribute, name, schema, role, nullable, known)


def _sent(verbs: Mapping[Verb, Operation]) -> frozenset[str]:
    return frozenset(name for each in verbs.values() for name in (each.request or {}).get("properties", {}))


def _role(name: str, schema: Schema, sent: frozenset[str]) -> Role:
    if name in sent or schema.get("format") != "date-time":
        return "value"
    return "created" if normal(name) in CREATED else "updated" if normal(name) in UPDATED else "value"


def _may_be_null(name: str, schema: Schema, role: Role, verbs: Mapping[Verb, Operation]) -> bool:
    """Whether a stored value may be missing: nothing demands it."""
    if role != "value":
        return False
    if allows_null(schema):
        return True
    create = verbs.get("create")
    source = create.request if create is not None else None
    answers = [
        each.response for verb, each in verbs.items() if verb not in ("list", "delete") and each.response
    ]
    demanding = [source] if source and name in source.get("properties", {}) else answers
    return not any(name in (each or {}).get("required", ()) for each in demanding)
