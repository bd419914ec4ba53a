"""The short forms of numbers, for pages."""

from __future__ import annotations


def money(cost: float | None) -> str:
    """Dollars; `?` when a price is unknown."""
    return "?" if cost is None else f"{cost:.4f}"


def short(number: int) -> str:
    """A count in at most five letters, such as 12.3k."""
    if number < 10_000:
        return str(number)
    return f"{number / 1000:.1f}k" if number < 100_000 else f"{number / 1_000_000:.1f}M"


def counted(number: int, thing: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
