"""Whether a service answered with what it was given: the same value may be written in several ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any


def same(sent: Any, received: Any) -> bool:
    """Whether two JSON values mean the same: numbers and times in any spelling, else equal."""
    if isinstance(sent, bool) or isinstance(received, bool):
        return sent is received
    if isinstance(sent, Mapping) and isinstance(received, Mapping):
        return all(name in received and same(part, received[name]) for name, part in sent.items())
    if isinstance(sent, list) and isinstance(received, list):
        return len(sent) == len(received) and all(map(same, sent, received))
    if sent == received:
        return True
    if sent is None or received is None:
        return False
    return _same_number(sent, received) or _same_time(sent, received)


def _same_number(sent: Any, received: Any) -> bool:
    if not isinstance(sent, int | float | str) or not isinstance(received, int | float | str):
        return False
    try:
        return Decimal(str(sent)) == Decimal(str(received))
    except InvalidOperation:
        return False


def _same_time(sent: Any, received: Any) -> bool:
    try:
        times = [dt.datetime.fromisoformat(str(value)) for value in (sent, received)]
    except ValueError:
        return False
    if len(str(sent)) <= len("2030-01-31"):
        return False
    aware = [time if time.tzinfo else time.replace(tzinfo=dt.UTC) for time in times]
    return aware[0] == aware[1]


def rows_of(body: Any) -> list[Any] | None:
    """The rows of a list's answer: a plain list, or the one list within a page; None: there is none."""
    if isinstance(body, list):
        return body
    if isinstance(body, Mapping):
        usual = [body[name] for name in ("items", "results", "data") if isinstance(body.get(name), list)]
        lists = usual or [value for value in body.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 or usual else None
    return None
