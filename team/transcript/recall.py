"""What a resumed session already did: its recorded events, handed out once each, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from team.transcript.events import Event

# Filled in by the log or measured by a clock: two events that differ in nothing else say the same.
_NO_PAYLOAD = frozenset({"v", "session", "seq", "ts", "prev", "seconds"})
_NAMES = ("name", "step", "text", "question")


class _Entry:
    def __init__(self, event: Event) -> None:
        self.event = event
        self.served = False
        self.matched = False


class Recall:
    """Recorded events, found again by kind: type, agent, iteration and a gate's name or a step.

    `serve` hands an event out to be used in place of the work; `match` recognises an event that a resumed
    session is about to record a second time. The two do not get into each other's way: an event that was
    served and is then recorded with the same content is recognised, one with other content is new.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._entries = [_Entry(event) for event in events if event.type != "session_ended"]
        self._by_kind: dict[tuple[str, str, int, str], list[_Entry]] = defaultdict(list)
        for entry in self._entries:
            self._by_kind[_kind(entry.event)].append(entry)

    def serve(self, type: str, **keys: Any) -> Event | None:
        """The first event of that type that was not served yet and whose fields equal `keys`."""
        for entry in self._entries:
            if entry.served or entry.event.type != type:
                continue
            if all(getattr(entry.event, name, None) == value for name, value in keys.items()):
                entry.served = True
                return entry.event
        return None

    def match(self, event: Event) -> Event | None:
        """The recorded event that `event` repeats, or None when it is new."""
        for entry in self._by_kind.get(_kind(event), ()):
            if entry.matched:
                continue
            entry.matched = True
            if not entry.served or _payload(entry.event) == _payload(event):
                entry.served = True
                return entry.event
        return None


def _kind(event: Event) -> tuple[str, str, int, str]:
    if event.type == "session_started":
        return (event.type, "", 0, "")
    name = next((str(getattr(event, field)) for field in _NAMES if hasattr(event, field)), "")
    return (event.type, event.agent, event.iteration, name)


def _payload(event: Event) -> dict[str, Any]:
    return event.model_dump(mode="json", exclude=set(_NO_PAYLOAD))
