"""What was generated the last time, for drafts in which something follows from before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from team.generators.migrations.tables import Table
    from team.specs import Spec


@dataclass(frozen=True)
class Before:
    """The spec, and the files as they were generated: workspace path → text."""

    spec: Spec
    files: Mapping[str, str]

    def tables(self) -> list[Table]:
        """The tables that the migrations among the files make."""
        from team.generators.api import ApiDraft
        from team.generators.crud.tables import tables_of
        from team.specs.endpoint import ApiSpec
        from team.specs.entity import CrudSpec
        from team.specs.openapi import OpenApiSpec

        if isinstance(self.spec, CrudSpec):
            return tables_of(self.spec)
        return ApiDraft(self.spec).tables() if isinstance(self.spec, ApiSpec | OpenApiSpec) else []

    def below(self, folder: str) -> dict[str, str]:
        """The files in a folder."""
        return {path: text for path, text in self.files.items() if path.startswith(f"{folder}/")}
