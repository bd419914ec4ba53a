"""The event log of a session: events, store, tape, readers."""
