"""Merging an edit with a new generation, by real git."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from team.regeneration.merging import merge, open_markers

BASE = b"import a\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n"
MARKERS = {"<<<<<<< yours", "||||||| before", "=======", ">>>>>>> generated"}

lines = st.lists(st.sampled_from(["a", "b", "c", "", "  x = 1", "é"]), max_size=8)


def text(parts: list[str], end: bool = True) -> bytes:
    return ("\n".join(parts) + ("\n" if parts and end else "")).encode()


def test_changes_in_different_places_are_both_there() -> None:
    yours = BASE.replace(b"return 1", b"return 10")
    generated = BASE.replace(b"return 2", b"return 20")
    merged = merge(BASE, yours, generated)
    assert merged is not None
    assert merged.content == yours.replace(b"return 2", b"return 20")
    assert merged.conflicts == ()


def test_changes_in_one_place_stand_between_markers_with_what_was_there_before() -> None:
    merged = merge(BASE, BASE.replace(b"return 1", b"return 10"), BASE.replace(b"return 1", b"return 11"))
    assert merged is not None
    assert merged.conflicts == (5,)
    assert merged.content.decode().splitlines()[4:13] == [
        "<<<<<<< yours",
        "    return 10",
        "||||||| before",
        "    return 1",
        "=======",
        "    return 11",
        ">>>>>>> generated",
        "",
        "",
    ]
    assert open_markers(merged.content) == (5,)


def test_a_conflict_half_decided_is_still_open() -> None:
    assert open_markers(b"a\n    return 10\n>>>>>>> generated\n") == (3,)
    assert open_markers(b"Title\n=======\n") == ()


def test_the_line_ends_of_an_editor_are_kept() -> None:
    yours = BASE.replace(b"return 1", b"return 10").replace(b"\n", b"\r\n")
    merged = merge(BASE, yours, BASE.replace(b"return 2", b"return 20"))
    assert merged is not None
    assert merged.content == yours.replace(b"return 2", b"return 20")


def test_the_same_change_on_both_sides_is_one() -> None:
    changed = BASE.replace(b"return 1", b"return 10")
    assert merge(BASE, changed, changed) == merge(changed, changed, changed)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b"])
def test_what_is_no_text_is_not_merged(content: bytes) -> None:
    assert merge(BASE, content, BASE + b"x\n") is None


@settings(max_examples=60, deadline=None)
@given(lines, lines, lines, st.booleans(), st.booleans())
def test_no_line_that_a_person_added_is_ever_lost(
    before: list[str], yours: list[str], generated: list[str], mine_ends: bool, new_ends: bool
) -> None:
    merged = merge(text(before), text(yours, mine_ends), text(generated, new_ends))
    assert merged is not None
    left = merged.content.decode().split("\n")
    added = {line for line in yours if yours.count(line) > before.count(line)}
    assert added <= set(left)
    assert set(left) <= {*yours, *generated, *before, *MARKERS, ""}
    assert bool(merged.conflicts) == bool(set(left) & (MARKERS - {"======="}))


@settings(max_examples=30, deadline=None)
@given(lines, lines)
def test_with_nothing_new_every_edit_stays_and_merging_again_changes_nothing(
    before: list[str], yours: list[str]
) -> None:
    again = merge(text(before), text(yours), text(before))
    assert again is not None
    assert (again.content, again.conflicts) == (text(yours), ())
