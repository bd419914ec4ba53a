"""Values as clients send and receive them, and as source."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

from team.generators.crud.samples import Values


def json_values(values: Values) -> Values:
    """Values of fields as clients send and receive them."""
    return {name: as_json(value) for name, value in values.items()}


def as_json(value: Any) -> Any:
    """A value as clients send and receive it."""
    match value:
        case dict():
            return {key: as_json(part) for key, part in value.items()}
        case list():
            return [as_json(part) for part in value]
        case Decimal():
            return f"{value.normalize():f}"
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
    return value


def source(value: Any) -> str:
    """A JSON value as Python source."""
    return repr(value)


def to_json(value: Any) -> str:
    """A JSON value as JSON."""
    return json.dumps(value, ensure_ascii=False)
