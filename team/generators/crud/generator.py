"""The generator class for CRUD modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from team.errors import SpecError
from team.generators.base import Generator
from team.result import GenerationResult
from team.specs.entity import CrudSpec, EntitySpec
from team.specs.load import load_spec


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

    def generate_from_openapi(self, document: str | Path | Mapping[str, Any]) -> GenerationResult:
        """A service for an OpenAPI 3.0 or 3.1 document, given as a path or as its content.

        What is more than reading and writing rows is left open, and named in the result.

        Raises:
            SpecError: the document cannot be read, or is no valid OpenAPI.
            ConfigError: the settings are wrong, or there is no model to ask.
        """
        from team.specs.openapi import OpenApiSpec

        if isinstance(document, Mapping):
            return self._generate("crud", {"document": dict(document)})
        spec = load_spec("crud", Path(document))
        if not isinstance(spec, OpenApiSpec):
            raise SpecError(f"{document} is no OpenAPI document", "give it to generate_crud_module")
        return self._generate("crud", spec)
