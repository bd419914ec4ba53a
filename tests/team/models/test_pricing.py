from __future__ import annotations

import pytest

from team.models.pricing import cost_of, price_of


def test_a_known_model_at_its_vendor_has_its_list_price():
    assert price_of("gpt-4o", None) == (2.50, 10.00)
    assert price_of("claude-sonnet-4-5", "https://api.anthropic.com/v1/") == (3.00, 15.00)


@pytest.mark.parametrize("name", ["gpt-4o-2024-08-06", "gpt-4o-latest"])
def test_a_dated_name_costs_the_same(name):
    assert price_of(name, "https://api.openai.com/v1") == price_of("gpt-4o", None)


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("gpt-4o", "http://127.0.0.1:8080/v1"),
        ("gpt-4o", "https://gateway.example/v1"),
        ("gpt-4o-nova", None),
        ("", None),
    ],
)
def test_everything_else_is_unknown(model, url):
    assert price_of(model, url) is None


def test_cost_is_per_million_tokens_and_unknown_is_none():
    assert cost_of((2.0, 8.0), 1_000_000, 500_000) == 6.0
    assert cost_of((2.0, 8.0), 0, 0) == 0.0
    assert cost_of(None, 5, 5) is None
