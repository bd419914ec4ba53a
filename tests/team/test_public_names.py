"""The public names of `team`: each is there at first use, and nothing else is."""

from __future__ import annotations

import pytest

import team


@pytest.mark.parametrize("name", team.__all__)
def test_every_public_name_is_a_class_of_that_name(name: str) -> None:
    assert getattr(team, name).__name__ == name
    assert name in dir(team)


def test_any_other_name_is_missed_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'team' has no attribute 'nonsense'"):
        team.nonsense  # noqa: B018
