"""The event log of a session: events, store, tape, readers."""

from team.transcript.reader import Transcript

__all__ = ["Transcript"]
