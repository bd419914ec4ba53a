"""How SEARCH/REPLACE hunks find their place, and what their author is told when they do not."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from executors.hunks import Hunk, HunkProblem, apply_hunks, read_hunks

SOURCE = """\
class Account:
    def deposit(self, amount):
        self.balance += amount

    def withdraw(self, amount):
        self.balance -= amount
"""


@pytest.mark.parametrize(
    ("search", "replace", "expected"),
    [
        pytest.param("    def deposit(self, amount):", "    def put(self, amount):", "def put", id="exactly"),
        pytest.param(
            "class Account:   ", "class Purse:", "class Purse:", id="but for white space at line ends"
        ),
        pytest.param(
            "self.balance -= amount", "self.balance = 0", "        self.balance = 0\n", id="less indented"
        ),
        pytest.param(
            "def withdraw(self, amount):\n    self.balance -= amount",
            "def withdraw(self, amount):\n    if amount:\n        self.balance = 0",
            "    def withdraw(self, amount):\n        if amount:\n            self.balance = 0\n",
            id="several lines less indented",
        ),
        pytest.param("      class Account:", "      class Purse:", "class Purse:", id="more indented"),
    ],
)
def test_a_hunk_that_applies(search: str, replace: str, expected: str) -> None:
    assert expected in apply_hunks(SOURCE, [Hunk(search, replace)])


def test_an_empty_replace_deletes_the_lines() -> None:
    assert apply_hunks("a\nb\nc\n", [Hunk("b", "")]) == "a\nc\n"
    assert apply_hunks("a\n", [Hunk("a", "")]) == ""


def test_a_blank_line_is_a_line() -> None:
    (hunk,) = read_hunks(["<<<<<<< SEARCH", "b", "=======", "", ">>>>>>> REPLACE"])
    assert apply_hunks("a\nb\nc\n", [hunk]) == "a\n\nc\n"


def test_hunks_apply_one_after_the_other() -> None:
    assert apply_hunks("a\n", [Hunk("a", "b"), Hunk("b", "c\nd")]) == "c\nd\n"


def test_windows_line_ends_are_kept() -> None:
    assert apply_hunks("a\r\nb\r\n", [Hunk("b", "c\nd")]) == "a\r\nc\r\nd\r\n"


@pytest.mark.parametrize("text", [None, ""])
def test_an_empty_search_creates_a_file(text: str | None) -> None:
    assert apply_hunks(text, [Hunk("", "a\nb")]) == "a\nb\n"


@pytest.mark.parametrize(
    ("text", "hunk", "problem"),
    [
        ("a\n", Hunk("", "b"), "empty SEARCH"),
        (None, Hunk("a", "b"), "no such file"),
        ("a\nb\na\n", Hunk("a", "c"), "several places (lines 1 and 3)"),
        ("  a\n    a\n", Hunk("a", "c"), "several places (lines 1 and 2)"),
        ("if x:\n  a\n    b\n", Hunk("a\n b", "c"), "matches no lines"),
        ("    a\n", Hunk("        a", "    c\nd"), "matches no lines"),  # `d` cannot be moved left
        ("", Hunk("a", "b"), "file is empty"),
        ("x y z\n", Hunk("qqqqq", "b"), "Nothing in its 1 lines looks like it"),
    ],
)
def test_a_hunk_that_does_not_apply(text: str | None, hunk: Hunk, problem: str) -> None:
    with pytest.raises(HunkProblem) as caught:
        apply_hunks(text, [hunk])
    assert problem in str(caught.value)


def test_the_author_is_shown_the_nearest_lines_with_their_numbers() -> None:
    with pytest.raises(HunkProblem) as caught:
        apply_hunks(SOURCE, [Hunk("class Account:", "x"), Hunk("    def withdraw(self, sum):", "x")])
    message = str(caught.value)
    assert message.startswith("the SEARCH of hunk 2 of 2 matches no lines of the file.")
    assert "    5|     def withdraw(self, amount):" in message


def test_a_line_that_is_there_word_for_word_is_what_the_author_is_shown() -> None:
    lines = [f"line {n}" for n in range(500)]
    with pytest.raises(HunkProblem, match=r"  401\| line 400"):
        apply_hunks("\n".join(lines), [Hunk("line 400\nline 999", "x")])


def test_what_does_not_print_is_shown_escaped() -> None:
    with pytest.raises(HunkProblem, match=r"total\\x1b\[2J"):
        apply_hunks("total\x1b[2J = 1\n", [Hunk("total = 1", "x")])


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("a\n" * 900_000, "a\n" * 300 + "b"),
        (" a\n" * 600_000, "a\n" * 300 + "a"),
        ("a" * 1_900_000, "a" * 50_000 + "b"),
        ("\n" * 1_900_000, "\n\n"),
        ("ab ab ab ab\n" * 150_000, "ab ac ab ab ab"),
    ],
)
def test_a_hurtful_hunk_is_answered_quickly(text: str, search: str) -> None:
    start = time.process_time()
    with pytest.raises(HunkProblem):
        apply_hunks(text, [Hunk(search, "x")])
    assert time.process_time() - start < 5


def joined(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)


lines = st.lists(st.text("ab =\t", max_size=6), min_size=1, max_size=12)


@given(lines, st.data())
def test_replacing_a_unique_run_of_lines_is_what_a_list_would_do(
    text: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    stop = data.draw(st.integers(start + 1, len(text)))
    new = data.draw(lines)
    search = text[start:stop]
    assume(sum(text[at : at + len(search)] == search for at in range(len(text))) == 1)
    result = apply_hunks(joined(text), [Hunk(joined(search), joined(new))])
    assert result == joined([*text[:start], *new, *text[stop:]])


@given(st.text(), st.text(), st.text())
def test_a_hunk_applies_or_says_why_not(text: str, search: str, replace: str) -> None:
    try:
        apply_hunks(text, [Hunk(search, replace)])
    except HunkProblem as problem:
        assert str(problem)


@given(st.lists(st.sampled_from(["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "a", ""])))
def test_markers_in_any_order_are_hunks_or_a_problem(markers: list[str]) -> None:
    try:
        hunks = read_hunks(markers)
    except HunkProblem as problem:
        assert str(problem)
    else:
        assert len(hunks) == markers.count("<<<<<<< SEARCH")
