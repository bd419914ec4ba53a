"""What may be spent: bounds as numbers or as a short text such as ``0.50usd+20calls``."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

_PART = re.compile(
    r"\s*(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>usd|\$|calls?|tokens?|s|seconds?)?\s*", re.I
)
_UNITS = {"": "cost", "usd": "cost", "$": "cost", "call": "calls", "token": "tokens", "s": "seconds"}


class Bounds(BaseModel):
    """Bounds on USD, model calls, tokens (in and out together) and seconds; None means no bound.

    Also made of a text: parts joined by ``+``, each a number with ``usd`` (or nothing), ``calls``, ``tokens``
    or ``s``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    cost: float | None = Field(default=None, gt=0, description="USD")
    calls: int | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0, description="in and out together")
    seconds: float | None = Field(default=None, gt=0, description="wall time")

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"cost": value}
        return _parsed(value) if isinstance(value, str) else value


def _parsed(text: str) -> dict[str, str]:
    bounds: dict[str, str] = {}
    for part in text.split("+"):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part.strip()!r} is no bound: write such as 0.50usd+20calls+50000tokens+60s")
        unit = (found["unit"] or "").lower()
        unit = unit if unit in _UNITS else unit.removesuffix("s").replace("second", "s")
        bounds[_UNITS[unit]] = found["number"]
    return bounds
