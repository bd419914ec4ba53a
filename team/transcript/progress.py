"""Who is told what happens in a session while it happens."""

from __future__ import annotations

from typing import Protocol

from team.transcript.events import Event


class Observer(Protocol):
    """Something that watches a session. It must not raise."""

    def on_event(self, event: Event) -> None:
        """An event was recorded."""
        ...

    def on_status(self, text: str) -> None:
        """Something is going on that is not recorded, such as a gate that runs."""
        ...
