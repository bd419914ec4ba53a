"""The tests as earlier turns left them, and what the authors of a turn were asked to change in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CASES = "tests/cases.json"
"""Where the test cases of a problem are that is solved in another language than Python: a line each."""


@dataclass(frozen=True)
class Mandate:
    """What a turn's authors may change in tests that exist. Deleting and loosening is never part of it.

    Places are ``path``, ``path:line``, ``path::test`` or ``path::Class::test``.

    Attributes:
        expected: where expected values may change.
        steps: where the steps before an assertion may change, too.
        new_plan: whether a new plan may have given things other names.
    """

    expected: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    new_plan: bool = False

    def __or__(self, other: Mandate) -> Mandate:
        """What either allows."""
        return Mandate(
            self.expected | other.expected, self.steps | other.steps, self.new_plan or other.new_plan
        )


@dataclass(frozen=True)
class TreeState:
    """The Python files of a tree after one turn, and the mandate that its authors had.

    Attributes:
        tests: path → text of the test files.
        sources: path → text of the other Python files.
        data: path → digest of the other files beside the tests.
        cases: the text of the file of test cases, for a solution in another language.
        mandate: what was asked for in this turn.
    """

    tests: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    cases: str = ""
    mandate: Mandate = field(default_factory=Mandate)
