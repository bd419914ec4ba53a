"""One field of an entity: its type, its limits, and what it may refer to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from team.specs.base import StrictModel
from team.specs.names import field_problem
from team.specs.values import NUMBER_TYPES, TEXT_TYPES, TIME_TYPES, FieldType, convert, decimal_places

OnDelete = Literal["restrict", "cascade", "set_null"]

STRING_LENGTH = 255
"""The greatest length of a string that names none."""
EMAIL_LENGTH = 254
"""The greatest length of an e-mail address, by RFC 5321."""

_SWITCHES = ("required", "unique", "index")
_LIMITED = NUMBER_TYPES | TEXT_TYPES | TIME_TYPES
_GOES_WITH: dict[str, frozenset[str]] = {
    "min": _LIMITED, "max": _LIMITED, "max_length": TEXT_TYPES, "references": frozenset({"integer"}),
}  # fmt: skip


class FieldSpec(StrictModel):
    """One field of an entity. `min` and `max` limit the value, or the length of a text."""

    name: str
    type: FieldType
    required: bool = True
    unique: bool = False
    index: bool = False
    default: Any = Field(default=None, description="None: there is no default")
    min: int | float | str | None = Field(default=None, union_mode="left_to_right")
    max: int | float | str | None = Field(default=None, union_mode="left_to_right")
    max_length: int | None = Field(default=None, gt=0, le=100_000)
    values: tuple[str, ...] = ()
    references: str | None = Field(default=None, description="Entity.id")
    on_delete: OnDelete | None = Field(default=None, description="what deleting the referenced row does")

    @field_validator("name")
    @classmethod
    def _usable_name(cls, name: str) -> str:
        if problem := field_problem(name):
            raise ValueError(problem)
        return name

    @field_validator("min", "max", "max_length", *_SWITCHES, mode="before")
    @classmethod
    def _booleans_are_no_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        switch = info.field_name in _SWITCHES
        if value is not None and isinstance(value, bool) is not switch:
            raise ValueError(
                f"{info.field_name}: {value!r} is not {'true or false' if switch else 'a number'}"
            )
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        try:
            self._check_keys()
            self._check_references()
            self._check_limits()
        except ValueError as error:
            raise ValueError(f"field {self.name!r}: {error}") from error
        return self

    def _check_keys(self) -> None:
        for key, types in _GOES_WITH.items():
            if getattr(self, key) is not None and self.type not in types:
                raise ValueError(f"{key} does not go with type {self.type}")
        if (self.type == "enum") != bool(self.values):
            raise ValueError("an enum needs values" if self.type == "enum" else "only an enum has values")
        if len(set(self.values)) < len(self.values):
            raise ValueError("a value is there twice")
        if not all(value.strip() and "\0" not in value and len(value) <= 100 for value in self.values):
            raise ValueError("a value has 1 to 100 characters")
        if self.type == "json" and (self.unique or self.index):
            raise ValueError("json can be neither unique nor an index")
        if self.max_length is not None and self.max is not None:
            raise ValueError("give max_length or max, not both")

    def _check_references(self) -> None:
        if self.on_delete and not self.references:
            raise ValueError("on_delete needs references")
        if self.on_delete == "set_null" and self.required:
            raise ValueError("on_delete: set_null needs required: false")
        if self.references and (self.min is not None or self.max is not None):
            raise ValueError("a reference has no min and no max")
        if self.default is not None and (self.unique or self.references):
            raise ValueError("what is unique, or a reference, has no default")

    def _check_limits(self) -> None:
        low, high = self.bounds
        if low is not None and high is not None and low > high:
            raise ValueError(f"min {low} is greater than the greatest allowed, {high}")
        if self.type == "decimal":
            _ = self.places
        if self.default is not None:
            default = self.default_value
            size = len(default) if self.type in TEXT_TYPES else default
            if (low is not None and size < low) or (high is not None and size > high):
                raise ValueError(f"default {self.default!r} is outside the limits")

    @property
    def default_value(self) -> Any:
        """The default as Python holds it, or None."""
        return None if self.default is None else convert(self.type, self.default, self.values)

    @property
    def bounds(self) -> tuple[Any, Any]:
        """The smallest and the largest value as Python holds them, or lengths of a text; None: no limit."""
        kind = "integer" if self.type in TEXT_TYPES else self.type
        low = None if self.min is None else convert(kind, self.min)
        high = None if self.max is None else convert(kind, self.max)
        if self.type not in TEXT_TYPES:
            return low, high
        high = self.max_length if high is None else high
        if high is None and self.type != "text":
            high = STRING_LENGTH if self.type == "string" else EMAIL_LENGTH
        if (low or 0) < 0 or high == 0:
            raise ValueError("a length is at least 0, and the greatest at least 1")
        return low, high

    @property
    def places(self) -> int:
        """The digits after the point of a decimal."""
        numbers = (self.default_value, *self.bounds)
        return decimal_places([number for number in numbers if isinstance(number, Decimal)])

    @property
    def nullable(self) -> bool:
        """Whether the value may be missing."""
        return not self.required
