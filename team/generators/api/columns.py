"""What the templates of a service are told of one column of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from team.specs.examples import example
from team.specs.expand import kind
from team.specs.service import Column

if TYPE_CHECKING:
    from team.generators.api.resources import ResourceView

_SQL_TYPES = {
    ("integer", ""): ("int", "sa.BigInteger"), ("number", ""): ("float", "sa.Float"),
    ("boolean", ""): ("bool", "sa.Boolean"), ("string", ""): ("str", "sa.Text"),
    ("string", "date"): ("dt.date", "sa.Date"), ("string", "date-time"): ("dt.datetime", "UtcDateTime"),
    ("string", "uuid"): ("UUID", "sa.Uuid"),
}  # fmt: skip
_JSON = ("Any", "sa.JSON(none_as_null=True)")


@dataclass(frozen=True)
class ColumnView:
    """One column of a table."""

    column: Column
    resource: ResourceView

    @property
    def name(self) -> str:
        """The attribute."""
        return self.column.name

    @property
    def types(self) -> tuple[str, str]:
        """The annotation and the type of the column."""
        schema = self.column.schema
        if "enum" in schema and kind(schema) not in ("string", "integer"):
            return _JSON
        form = str(schema.get("format", "")) if "pattern" not in schema and "enum" not in schema else ""
        return _SQL_TYPES.get((kind(schema), form)) or _SQL_TYPES.get((kind(schema), ""), _JSON)

    @property
    def is_json(self) -> bool:
        """Whether it holds JSON."""
        return self.types == _JSON

    @property
    def annotation(self) -> str:
        """What stands in ``Mapped[…]``."""
        return f"{self.types[0]} | None" if self.column.nullable else self.types[0]

    @property
    def arguments(self) -> str:
        """The arguments of ``mapped_column``."""
        if self.is_primary:
            return "primary_key=True"
        parts = [self.types[1]]
        parent = self.resource.parent
        if self.column.role == "parent" and parent is not None and parent.owns(self.column):
            parts.append(f'sa.ForeignKey("{parent.table}.{parent.key.name}", ondelete="CASCADE")')
        if self.column.role == "key" and self.resource.makes_keys:
            parts.append("default=uuid4" if self.types[0] == "UUID" else "default=lambda: str(uuid4())")
        if self.column.role in ("created", "updated"):
            parts.append("default=utc_now")
        if self.column.role == "updated":
            parts.append("onupdate=utc_now")
        if not self.column.known:
            parts.append(f"default={self.filler}")
        if self.column.role == "parent":
            parts.append("index=True")
        return ", ".join(parts)

    @property
    def is_primary(self) -> bool:
        """Whether it is the primary key."""
        return self.column.role == "key" and self.resource.counts_keys

    @property
    def filler(self) -> str:
        """A value where nothing says where it comes from, as source."""
        if self.column.nullable:
            return "None"
        value = example(self.column.json, self.column.schema)
        return f"lambda: {value!r}" if self.is_json else self.source(value)

    def source(self, value: Any) -> str:
        """A JSON value as what the column holds, as source."""
        if value is None or self.is_json:
            return repr(value)
        match self.types[0]:
            case "dt.date":
                return f'dt.date.fromisoformat("{value}")'
            case "dt.datetime":
                return f'dt.datetime.fromisoformat("{str(value).replace("Z", "+00:00")}")'
            case "UUID":
                return f'UUID("{value}")'
        return repr(value)
