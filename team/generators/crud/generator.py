"""The generator class for CRUD modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from team.generators.base import Generator
from team.result import GenerationResult
from team.specs.entity import CrudSpec, EntitySpec


class CRUDGenerator(Generator):
    """Makes FastAPI + SQLAlchemy + Pydantic modules that create, read, update and delete entities."""

    def generate_crud_module(
        self, entity_spec: CrudSpec | EntitySpec | Mapping[str, Any]
    ) -> GenerationResult:
        """A module for one entity, or several under ``entities``.

        Raises:
            SpecError: the spec does not say what to build.
            ConfigError: the settings are wrong, or there is no model to ask.
        """
        if not isinstance(entity_spec, CrudSpec | Mapping):
            entity_spec = CrudSpec(entities=(entity_spec,))
        return self._generate("crud", entity_spec)
