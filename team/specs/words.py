"""Entities in words: the requirements of a `crud` spec as deterministic Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team.specs.names import article, phrase, plural
from team.specs.values import TEXT_TYPES

if TYPE_CHECKING:
    from team.specs.entity import CrudSpec, EntitySpec
    from team.specs.fields import FieldSpec

MIGRATIONS = (
    "`alembic.ini`, and Alembic's migrations in `alembic/` (a plain folder without `__init__.py`) that make "
    "the tables of the models"
)
"""What a service is told to have for its tables."""

_ROUTES = """\
- `POST {path}` → 201, 409, 422
- `GET {path}` → 200, 422; `limit`, `offset` and a filter for each field
- `GET {path}/{{id}}` → 200, 404, 422
- `PATCH {path}/{{id}}` → 200, 404, 409, 422; the whole entity keeps its rules
- `PUT {path}/{{id}}` → 200, 404, 409, 422
- `DELETE {path}/{{id}}` → 204, 404, 409"""


def entity_text(spec: CrudSpec) -> str:
    """The whole spec as Markdown."""
    many = plural("entity") if len(spec.entities) > 1 else "entity"
    head = (
        f"A FastAPI service with SQLAlchemy 2 (async) and Pydantic v2 for the {many} "
        f"{', '.join(entity.name for entity in spec.entities)}: package `app/` (`models.py`, `schemas.py`, "
        "`repository.py`, `routers/`, `database.py`, `main.py` with `app`), tests in `tests/`, "
        f"{MIGRATIONS}. `DATABASE_URL` picks the database, by default an SQLite file. "
        "Errors are documented in the OpenAPI document."
    )
    return "\n\n".join([head, *(_entity(entity) for entity in spec.entities)]) + "\n"


def _entity(entity: EntitySpec) -> str:
    fields = [f"- `{field.name}`: {describe(field)}" for field in entity.fields]
    parts = [
        f"## {entity.name}",
        f"Besides `id`, `created_at` and `updated_at`, {article(phrase(entity.name))} has:\n\n"
        + "\n".join(fields),
        "Routes:\n\n" + "\n".join([_ROUTES.format(path=entity.path), *_link_routes(entity)]),
    ]
    if entity.relationships:
        links = [
            f"- `{link.name}`: {link.kind.replace('_', '-')} {link.target}" for link in entity.relationships
        ]
        parts.append("Relationships:\n\n" + "\n".join(links))
    if entity.business_rules:
        parts.append("Business rules:\n\n" + "\n".join(map(_rule, entity.business_rules)))
    return "\n\n".join(parts)


def _link_routes(entity: EntitySpec) -> list[str]:
    """The routes of many-to-many relationships: pairs are made and taken apart one by one."""
    found = []
    for link in entity.relationships:
        if link.kind == "many_to_many":
            path = f"{entity.path}/{{id}}/{link.name.replace('_', '-')}"
            one = f"{path}/{{{phrase(link.target).replace(' ', '_')}_id}}"
            found.append(f"- `GET {path}` → 200, 404, 422; `limit`, `offset`")
            found.append(f"- `PUT {one}` → 204, also where it is linked already; 404, 422")
            found.append(f"- `DELETE {one}` → 204; 404 where it is not linked; 422")
    return found


def _rule(rule: object) -> str:
    if isinstance(rule, str):
        return f"- {rule}"
    return f"- `{rule.rule}`: {rule.message}"  # type: ignore[attr-defined]


def describe(field: FieldSpec) -> str:
    """A field's type and limits in words."""
    low, high = field.bounds
    unit = " characters" if field.type in TEXT_TYPES else ""
    words = [field.type if field.type != "enum" else f"one of {', '.join(field.values)}"]
    words.append("required" if field.required else "optional")
    if low is not None:
        words.append(f"at least {low}{unit}")
    if high is not None:
        words.append(f"at most {high}{unit}")
    if field.type == "decimal":
        words.append(f"{field.places} decimal places")
    if field.default is not None:
        words.append(f"default {field.default!r}")
    if field.unique:
        words.append("unique")
    if field.references:
        words.append(f"references {field.references} (on delete: {field.on_delete or 'restrict'})")
    return ", ".join(words)
