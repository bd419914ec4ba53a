"""The draft first, and a model for what templates cannot know."""

from __future__ import annotations

from team.models.base import Answer, Drafts, Request
from team.models.draft import DraftSource
from team.models.live import LiveSource


class DraftFirstSource:
    """Answers from the draft as long as only templates write, and from a model what goes beyond them.

    Args:
        draft: who plans, writes and reviews what the spec says.
        live: who is asked for what is open, and where a check of the draft fails.
    """

    drafts: Drafts = "first"

    def __init__(self, draft: DraftSource, live: LiveSource) -> None:
        self.name = live.name
        self._draft = draft
        self._live = live

    def answer(self, request: Request) -> Answer:
        """The draft's answer where the request is for it, else the model's; errors as of `LiveSource`."""
        return self._draft.answer(request) if request.drafted else self._live.answer(request)

    def close(self) -> None:
        """Let go of the model's connections; safe to call twice."""
        self._live.close()
