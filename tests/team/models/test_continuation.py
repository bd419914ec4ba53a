from __future__ import annotations

import pytest

from team.models.continuation import ask_on, join


@pytest.mark.parametrize(
    ("answer", "rest", "whole"),
    [
        ("al", "l(x)", "all(x)"),  # a match of one letter is chance
        ("x = 1\n", "y = 2\n", "x = 1\ny = 2\n"),
        ("    }\n", "    }\n", "    }\n    }\n"),
        ("def f():\n    return total", "    return total + 1\n", "def f():\n    return total + 1\n"),
        ("a = 1\n    retur", "    return a\n", "a = 1\n    return a\n"),
        ("one\nthe very last line\n", "the very last line\nnext", "one\nthe very last line\nnext"),
        ("text", "", "text"),
    ],
)
def test_nothing_is_lost_and_nothing_doubled(answer, rest, whole):
    assert join(answer, rest) == whole


def test_a_block_that_is_opened_again_stays_one_block():
    assert join("```python\nx = 1\n", "```python\ny = 2\n```\n") == "```python\nx = 1\ny = 2\n```\n"


def test_a_fence_that_closes_the_block_stays():
    assert join("```python\nx = 1\n", "```\nDone.") == "```python\nx = 1\n```\nDone."


def test_a_new_block_after_a_closed_one_stays():
    assert join("```sh\nls\n```\n", "```python\nx\n```\n") == "```sh\nls\n```\n```python\nx\n```\n"


def test_an_inner_fence_does_not_close_an_outer_one():
    answer = "````markdown\n```sh\nls\n```\nmore\n"
    assert join(answer, "````markdown\nlast\n````\n") == answer + "last\n````\n"


def test_the_question_carries_the_answer_so_far():
    asked = ask_on("Write it.", "def f(")
    assert asked.startswith("Write it.")
    assert "<<<BEGIN>>>def f(<<<END>>>" in asked
