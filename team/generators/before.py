"""What was generated the last time, for drafts in which something follows from before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from team.specs import Spec


@dataclass(frozen=True)
class Before:
    """The spec, and the files as they were generated: workspace path → text."""

    spec: Spec
    files: Mapping[str, str]

    def below(self, folder: str) -> dict[str, str]:
        """The files in a folder."""
        return {path: text for path, text in self.files.items() if path.startswith(f"{folder}/")}
