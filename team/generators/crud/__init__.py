"""CRUD modules from entity specs."""

from team.generators.crud.draft import CrudDraft
from team.generators.crud.generator import CRUDGenerator

__all__ = ["CRUDGenerator", "CrudDraft"]
