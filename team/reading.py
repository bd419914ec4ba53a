"""Results that can be read by attribute, and by key as older AutoGen scripts do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel


class MappingAccess(BaseModel):
    """A model whose fields can also be read as ``result["files"]``."""

    def __getitem__(self, field: str) -> Any:
        if field not in type(self).model_fields:
            raise KeyError(field)
        return getattr(self, field)

    def __contains__(self, field: object) -> bool:
        return field in type(self).model_fields

    def keys(self) -> Iterator[str]:
        """The names that ``result[name]`` knows."""
        return iter(type(self).model_fields)
