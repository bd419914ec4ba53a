"""Where a forked session comes from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Origin(BaseModel):
    """The session and the event that a fork goes on from, and what a person said there."""

    model_config = ConfigDict(frozen=True)

    session: str = Field(default="", description="the id of the session that was forked")
    seq: int = Field(default=0, description="the last of its events that the fork begins with")
    digest: str = Field(default="", description="SHA-256 of that event's line, as written")
    calls: int = Field(default=0, description="model calls up to there: what is said holds for later ones")
    message: str = Field(default="", description="what a person said; every role is shown it from here on")
