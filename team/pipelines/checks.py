"""Which rows keep the checks of a pipeline, and which are too bad to be loaded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from team.pipelines.values import LARGEST, read

if TYPE_CHECKING:
    from team.specs.pipeline import CheckSpec, PipelineSpec

Row = TypeVar("Row", bound=Mapping[str, Any])


def keep_sound(spec: PipelineSpec, rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """Rows that may be loaded, and of each other row the column that makes it bad.

    A row is bad when it breaks a check, or misses a part of the destination's key. Of values that must be
    unique, the first one in a row that keeps all other rules counts.
    """
    key = spec.destination.key if not isinstance(spec.destination, str) else ()
    seen: dict[str, set[Any]] = {}
    sound, bad = [], []
    for row in rows:
        broken = [name for name in key if row[name] is None]
        broken += [check.column for check in spec.checks if not _holds(check, row[check.column])]
        if not broken:
            broken = [
                check.column
                for check in spec.checks
                if check.rule == "unique" and _again(seen.setdefault(check.column, set()), row[check.column])
            ]
        if broken:
            bad.append(broken[0])
        else:
            sound.append(row)
    return sound, bad


def _holds(check: CheckSpec, value: Any) -> bool:
    """Whether a value keeps a check that looks at one row alone."""
    if check.rule == "not_null":
        return value is not None
    if value is None or check.rule == "unique":
        return True
    if check.rule == "in":
        return value in [_like(value, allowed) for allowed in check.value]
    if check.rule == "matches":
        return re.fullmatch(str(check.value), str(value)) is not None
    bound = _like(value, check.value)
    return bool(value >= bound if check.rule == "min" else value <= bound)


_TYPES = (
    ("boolean", bool), ("datetime", dt.datetime), ("date", dt.date), ("text", str), ("decimal", Decimal),
)  # fmt: skip


def _like(value: Any, given: Any) -> Any:
    """A value of a spec as one of the type of a column's value."""
    for kind, type_ in _TYPES:
        if isinstance(value, type_):
            return read(kind, given)
    return given if isinstance(given, int | float) and abs(given) <= LARGEST else read("number", given)


def _again(seen: set[Any], value: Any) -> bool:
    if value is None or value not in seen:
        seen.add(value)
        return False
    return True
