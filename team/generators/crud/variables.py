"""Names of variables in drafted code."""

from __future__ import annotations

from team.specs.entity import EntitySpec
from team.specs.names import snake

_LOCAL_NAMES = frozenset({
    "address", "app", "asyncio", "beyond", "body", "changes", "client", "conditions", "count",
    "created_at", "current", "data", "defaults", "documented", "dt", "early", "error", "everything",
    "fields", "found", "headers", "json", "late", "location", "matches", "merge", "message", "method",
    "name", "none", "one", "other", "outdated", "page", "params", "path", "paths", "problem", "query",
    "repository", "request", "requests", "response", "responses", "router", "row", "row_id", "sa", "schemas",
    "second", "self", "status", "stored", "tmp_path", "total", "value", "variants",
})  # fmt: skip
"""Names in the drafted functions that a variable for a row must not hide."""


def variable(entity: EntitySpec) -> str:
    """The name of a variable for one row of an entity."""
    name = snake(entity.name)
    return f"{name}_row" if name in _LOCAL_NAMES else name
