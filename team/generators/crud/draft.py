"""A whole CRUD module from templates: plan, tests, code, review."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from team.generators.before import Before
from team.generators.crud.entities import literal
from team.generators.crud.examples import DraftEntity
from team.generators.crud.links import pairs_of
from team.generators.crud.migrations import next_revision
from team.generators.crud.review import review_crud
from team.generators.crud.tables import tables_of
from team.generators.migrations.following import following, neutral
from team.generators.migrations.revisions import FOLDER, first_revision
from team.generators.polish import polish
from team.specs.entity import CrudSpec
from team.specs.words import describe

_FOLDER = "drafts/crud"
_CODE = (
    "app/__init__.py", "app/database.py", "app/errors.py", "app/main.py", "app/migrations.py",
    "app/models.py", "app/repository.py", "app/routers/__init__.py", "app/schemas.py", "README.md",
    "Dockerfile", "requirements.txt", "requirements-dev.txt", "pyproject.toml", "alembic.ini",
    "alembic/env.py", "alembic/script.py.mako",
)  # fmt: skip
_TESTS = ("tests/conftest.py", "tests/test_database.py", "tests/test_migrations.py")


class CrudDraft:
    """Writes a whole CRUD module from its spec; the same spec gives the same bytes.

    Args:
        spec: the entities.
        before: what was generated the last time: its migrations stay, and the next one follows them.

    Raises:
        SpecError: no example values keep all business rules of an entity.
    """

    def __init__(self, spec: CrudSpec, before: Before | None = None) -> None:
        self._spec = spec
        self._before = before
        self._entities = [DraftEntity(entity, spec) for entity in spec.entities]

    def plan(self) -> str:
        """The layers, the decisions and the entities, as Markdown."""
        return self._render("plan.md")

    def tests(self) -> dict[str, str]:
        """Test files: workspace path → text."""
        files = {path: self._render(path) for path in _TESTS}
        for entity in self._entities:
            files[f"tests/test_{entity.plural_snake}_api.py"] = self._render(
                "tests/test_entity_api.py", entity=entity
            )
        return polish(files)

    def code(self) -> dict[str, str]:
        """All other files: workspace path → text."""
        files = {path: self._render(path) for path in _CODE}
        for entity in self._entities:
            files[f"app/routers/{entity.plural_snake}.py"] = self._render(
                "app/routers/entity.py", entity=entity
            )
        if self._context["inexpressible"]:
            files["schemathesis.toml"] = self._render("schemathesis.toml")
        return polish(files) | self._migrations()

    def _migrations(self) -> dict[str, str]:
        """The migrations there were, as they were, and the one that brings their tables to this spec."""
        if self._before is None:
            created = first_revision(tables_of(self._spec))
            return polish({created.path: created.source()})
        existing = self._before.below(FOLDER)
        if isinstance(self._before.spec, CrudSpec):
            return existing | next_revision(self._before.spec, self._spec, existing)
        was, now = self._before.tables(), tables_of(self._spec)
        return existing | following(was, now, neutral(now), neutral(was), existing)

    def review(self, tree: Mapping[str, str]) -> list[str]:
        """What the spec asks for and the tree does not have, one sentence each."""
        return review_crud(self._entities, tree)

    def _render(self, path: str, **more: Any) -> str:
        import prompts

        return prompts.render(f"{_FOLDER}/{path}.j2", **self._context, **more)

    @cached_property
    def _context(self) -> dict[str, Any]:
        types = {field.type for entity in self._spec.entities for field in entity.fields}
        references = any(field.references for entity in self._spec.entities for field in entity.fields)
        pairs = pairs_of(self._spec.entities)
        return {
            "title": self._spec.title,
            "entities": self._entities,
            "model_names": [*(entity.name for entity in self._entities), *(pair.name for pair in pairs)],
            "schema_names": [
                *(entity.name + kind for entity in self._entities for kind in ("Create", "Query")),
                *(["Slice"] if pairs else []),
            ],
            "enum_names": [field.type_name for entity in self._entities for field in entity.enums],
            "uses": {
                kind: kind in types
                for kind in ("decimal", "date", "datetime", "json", "enum", "number", "email")
            }
            | {
                "integer": "integer" in types or references,
                "text": bool(types & {"string", "text", "email"}),
            },
            "references": references,
            "pairs": pairs,
            "inexpressible": bool(
                references or types & {"email", "decimal"} or any(entity.rules for entity in self._entities)
            ),
            "has_rules": any(entity.rules for entity in self._entities),
            "open_rules": self._spec.prose_rules(),
            "describe": describe,
            "py": repr,
            "literal": literal,
        }
