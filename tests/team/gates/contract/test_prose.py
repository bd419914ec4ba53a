"""Which examples are read from requirements, and which are left alone."""

from __future__ import annotations

import time

import pytest

from team.gates.contract.known import known_answers
from team.gates.contract.prose import read_examples
from team.specs import TaskSpec

READ = [
    ("`slugify(\"A b\") == 'a-b'`", ["slugify('A b') == 'a-b'"]),
    ("- f(1) -> 2, and f(2) → 4.", ["f(1) == 2", "f(2) == 4"]),
    ("f(-1) should return [1, (2,)]  # a remark", ["f(-1) == [1, (2,)]"]),
    ("`f(8) is True`; `app.f(None)` returns `None`.", ["f(8) == True", "f(None) == None"]),
    ("f([], key='a)') ==> {'a': {1}}", ["f([], key='a)') == {'a': {1}}"]),
    ("`f('x')` raises `ValueError`.", ["f('x') raises ValueError"]),
    (">>> f(10)\n55\n>>> f(1)\n1", ["f(10) == 55", "f(1) == 1"]),
    (">>> f(\n...     [1,\n...      2])\n[\n 1]", ["f([1, 2]) == [1]"]),
    (">>> f(-1)\nTraceback (most recent call last):\n  ...\nValueError: no", ["f(-1) raises ValueError"]),
    (">>> f(3) == 2\nTrue", ["f(3) == 2"]),
    (
        "| call | result |\n|---|---|\n| `f(1)` | `2` |\n| `f(0)` | raises KeyError |",
        ["f(1) == 2", "f(0) raises KeyError"],
    ),
    ("| n | call | result | why |\n|-|-|-|-|\n| 1 | `f(1)` | 2 | so |", ["f(1) == 2"]),
    (
        "def two(nums, target):\nInput: nums = [2, 7], target = 9\nOutput: [0, 1]",
        ["two(nums=[2, 7], target=9) == [0, 1]"],
    ),
    ("def two(n):\nFor n = 3 the output should be 'b'", ["two(n=3) == 'b'"]),
    ("```python\nassert f(4, 2) == 2\n```", ["f(4, 2) == 2"]),
    ("f(float('nan')) == 1 + 1", ["f(nan) == 2"]),
]
LEFT_ALONE = [
    "f(n) == 2",
    "f(1) == n",
    "f(1) == 2 or 3",
    "f(1) returns 2 times its value",
    "f(1) = 2",
    "f(1) == ('a')",
    "f(1) == 1, 2",
    "currently f(1) returns 3",
    "f(1) returns 3 instead of 2",
    "f(1) does not return 2",
    "f(1) != 2",
    "len('abc') == 3",
    "'a'.upper() == 'A'",
    "stack.items[0].pop(1) == 1",
    "```python\nif f(1) == 2:\n    x = f(2) == 4\n```",
    ">>> f(1)\n<object at 0x1>",
    ">>> x = f(1)\n>>> x\n2",
    "Input: 1\nOutput: 2",
    "def a(n):\ndef b(n):\nInput: n = 1\nOutput: 2",
]


@pytest.mark.parametrize(("text", "examples"), READ)
def test_what_can_be_read_in_one_way_is_read(text: str, examples: list[str]) -> None:
    assert [str(known) for known in read_examples(text)] == examples


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_doubtful_is_left_alone(text: str) -> None:
    assert read_examples(text) == ()


def test_a_call_of_which_two_things_are_said_says_nothing() -> None:
    said = TaskSpec(requirements="`f(1) == 2`\n`f(2) == 4`\n`f(1) == 3`\n`f(2) == 4`")
    assert [str(known) for known in known_answers(said)] == ["f(2) == 4"]


@pytest.mark.parametrize(
    "line", ["f(1) == " + "x, " * 300, "f(" * 300 + ")" * 300 + " == 1", "f('" + ")" * 900]
)
def test_hostile_lines_cost_little(line: str) -> None:
    started = time.process_time()
    assert read_examples(f"{line}\n" * 20) == ()
    assert time.process_time() - started < 5
