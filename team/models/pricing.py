"""List prices of well-known models, in USD per million tokens (input, output).

Only the vendor's own endpoint has its list price: the same name on another server costs something else,
so it is unknown there, and unknown is None, never 0. ``--price`` wins over the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

Price = tuple[float, float]

OPENAI_HOST = "api.openai.com"

_PRICES: Mapping[str, Mapping[str, Price]] = {
    OPENAI_HOST: {
        "gpt-3.5-turbo": (0.50, 1.50),
        "gpt-4-turbo": (10.00, 30.00),
        "gpt-4o": (2.50, 10.00),
        "gpt-4o-mini": (0.15, 0.60),
        "gpt-4.1": (2.00, 8.00),
        "gpt-4.1-mini": (0.40, 1.60),
        "gpt-4.1-nano": (0.10, 0.40),
        "gpt-5": (1.25, 10.00),
        "gpt-5-mini": (0.25, 2.00),
        "gpt-5-nano": (0.05, 0.40),
        "gpt-5.1": (1.25, 10.00),
        "gpt-5.2": (1.75, 14.00),
        "o1": (15.00, 60.00),
        "o3": (2.00, 8.00),
        "o3-mini": (1.10, 4.40),
        "o4-mini": (1.10, 4.40),
    },
    "api.anthropic.com": {
        "claude-3-5-haiku": (0.80, 4.00),
        "claude-3-7-sonnet": (3.00, 15.00),
        "claude-haiku-4-5": (1.00, 5.00),
        "claude-sonnet-4": (3.00, 15.00),
        "claude-sonnet-4-5": (3.00, 15.00),
        "claude-opus-4": (15.00, 75.00),
        "claude-opus-4-1": (15.00, 75.00),
        "claude-opus-4-5": (5.00, 25.00),
    },
}

# gpt-4o-2024-08-06 and claude-sonnet-4-20250514 cost what the name without the date costs.
_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


def price_of(model: str, base_url: str | None) -> Price | None:
    """The list price of `model` at the endpoint (None: OpenAI's own), or None when it is not known."""
    host = urlsplit(base_url).hostname if base_url else OPENAI_HOST
    return _PRICES.get(host or "", {}).get(_DATED.sub("", model))


def cost_of(price: Price | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """USD for the tokens, or None when the price is unknown."""
    if price is None:
        return None
    return (prompt_tokens * price[0] + completion_tokens * price[1]) / 1_000_000
