"""The event log of a session: events, store, tape, readers.

`Transcript` is imported at first use: listing thousands of sessions needs none of the models of the events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from team.transcript.reader import Transcript

__all__ = ["Transcript"]


def __getattr__(name: str) -> Any:
    if name != "Transcript":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from team.transcript.reader import Transcript

    return Transcript
