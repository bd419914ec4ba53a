"""What became of a folder that was generated into."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from team.gates.base import GateResult
from team.reading import MappingAccess

Paths = tuple[str, ...]


class Conflict(MappingAccess):
    """A file in which a person has to decide."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int | None = Field(default=None, description="where the markers begin; None: the file is as it was")
    reason: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.reason}"


class Regeneration(MappingAccess):
    """Which files of a folder were written, and which were left to the people who edited them."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(description="the folder")
    status: Literal["written", "conflicts", "left", "failed"] = Field(
        description="left: nothing green to write, the folder is as it was; failed: so it is after an error"
    )
    message: str = Field(default="", description="why it was left, or what failed")
    created: Paths = Field(default=(), description="new files")
    updated: Paths = Field(default=(), description="files that nobody had edited")
    merged: Paths = Field(default=(), description="edited files, with the new generation merged in")
    removed: Paths = Field(default=(), description="files that are no longer generated and nobody had edited")
    edited: Paths = Field(default=(), description="edited or deleted by hand, and not generated anew")
    kept: Paths = Field(default=(), description="edited files that are no longer generated")
    conflicts: tuple[Conflict, ...] = ()
    gates: dict[str, GateResult] = Field(
        default_factory=dict,
        description="what they say of the folder, where people's work is in it",
    )

    @property
    def by_hand(self) -> bool:
        """Whether the folder holds work of people, so that it is not what the session judged."""
        return bool(self.merged or self.edited or self.kept)

    @property
    def exit_code(self) -> int:
        """0: the folder is up to date and nothing is known against it; 1: it is not; 3: an error."""
        if self.status == "failed":
            return 3
        red = any(gate.status in ("fail", "error") for gate in self.gates.values())
        return int(self.status != "written" or red)
