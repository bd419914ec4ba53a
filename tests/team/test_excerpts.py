"""Files in part."""

from team.excerpts import excerpt, interface
from team.excerpts import test_outline as outline

FILE = '''"""Things."""

import re
from typing import (
    Annotated,
    Any,
)

LIMIT = 5


class Order(Base):
    """An order."""

    total: int = 0

    def pay(self, by: str) -> None:
        """Pay it."""
        self.paid = by


@registered
def unrelated() -> int:
    """Something else."""
    first = 1
    return first


def cancel(order: "Order") -> None:
    """Cancel it."""
    order.total = 0
'''


def test_an_excerpt_has_what_a_name_stands_in_word_for_word_and_counts_the_rest() -> None:
    shown = excerpt(FILE, ("Order",))
    assert "def unrelated" not in shown and "@registered" not in shown
    assert "# … 5 lines are not shown" in shown
    for part in ("    Any,\n)", "LIMIT = 5", '        """Pay it."""\n        self.paid = by\n', "def cancel"):
        assert part in shown
    assert all(line in FILE.splitlines() for line in shown.splitlines() if "not shown" not in line)


def test_without_names_or_without_python_all_of_it_is_shown() -> None:
    assert excerpt(FILE) == FILE
    assert excerpt("no python (", ("x",)) == "no python ("


def test_an_interface_has_no_bodies() -> None:
    assert interface(FILE, ("Order",)).splitlines() == [
        "class Order(Base):",
        "    total: int = 0",
        "",
        "    def pay(self, by: str) -> None:",
        "        ...",
        "def cancel(order: 'Order') -> None:",
        "    ...",
    ]


def test_the_interface_of_a_file_without_the_names_is_all_of_it() -> None:
    assert "LIMIT = 5" in interface(FILE, ("Nowhere",))


def test_of_tests_only_the_calls_are_shown_and_helpers_whole() -> None:
    tests = """X = 1


def help() -> int:
    return 1


@mark
async def test_it(client: C) -> None:
    assert help()
"""
    assert outline(tests).splitlines() == [
        "X = 1",
        "def help() -> int:",
        "    return 1",
        "async def test_it(client: C) -> None:",
        "    ...",
    ]
