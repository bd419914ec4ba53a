"""Tests are compared with what they demanded before: what may change, and what is given up."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

import pytest

from team.gates.base import Finding
from team.gates.integrity.comparing import Example, weakened
from team.gates.integrity.past import Mandate, TreeState
from team.gates.integrity.relations import Relation

PATH = "tests/test_slug.py"
OLD = """import pytest

from slug import slug, words

LONG = "A Very Long Title"


def check(title, expected):
    assert slug(title) == expected


@pytest.fixture
def title():
    return "One"


@pytest.mark.parametrize(("given", "expected"), [("One", "one"), ("Two Words", "two-words")])
def test_cases(given, expected):
    assert slug(given) == expected


def test_long():
    result = slug(LONG)
    assert result == "a-very-long-title"
    assert result.islower()
    assert len(result) > 3


def test_helper():
    check("X", "x")


def test_fixture(title):
    assert slug(title) == "one"


def test_empty():
    with pytest.raises(ValueError, match="empty"):
        slug("")


def test_ratio():
    assert words("a b") / 3 == pytest.approx(0.667, abs=0.001)


class TestWords:
    def test_count(self):
        seen = []
        seen.append(words("a b"))
        assert seen == [2]
"""
CASES = '[("One", "one"), ("Two Words", "two-words")]'


def lost(new: str, mandate: Mandate | None = None, *, old: str = OLD) -> list[Finding]:
    """What tests gave up from one turn to the next."""
    return weakened([TreeState(tests={PATH: old})], {PATH: new}, mandate or Mandate())


def without(name: str, text: str = OLD) -> str:
    tree = ast.parse(text)
    tree.body = [node for node in tree.body if getattr(node, "name", "") != name]
    return ast.unparse(tree)


GIVEN_UP = {
    "a deleted test": (without("test_long"), "test-deleted"),
    "a deleted class": (without("TestWords"), "test-deleted"),
    "a renamed test that is not collected": (OLD.replace("def test_long", "def check_long"), "test-deleted"),
    "another test of the same name": (OLD + "\n\ndef test_long():\n    slug('x')\n", "assertion-removed"),
    "a deleted assertion": (OLD.replace("    assert result.islower()\n", ""), "assertion-removed"),
    "an emptied test": (OLD.replace('    check("X", "x")', "    pass"), "assertion-removed"),
    "an emptied helper": (
        OLD.replace("    assert slug(title) == expected", "    slug(title)", 1),
        "assertion-removed",
    ),
    "a case less": (OLD.replace(', ("Two Words", "two-words")]', "]"), "assertion-removed"),
    "no cases": (OLD.replace(CASES, "[]"), "assertion-removed"),
    "a skipped case": (
        OLD.replace(
            '("Two Words", "two-words")', 'pytest.param("Two Words", "two-words", marks=pytest.mark.skip)'
        ),
        "assertion-removed",
    ),
    "another input": (
        OLD.replace('"Two Words", "two-words"', '"two-words", "two-words"'),
        "assertion-removed",
    ),
    "a skip": (
        OLD.replace("def test_long", "@pytest.mark.skip(reason='not available')\ndef test_long"),
        "switched-off",
    ),
    "an xfail": (OLD.replace("def test_long", "@pytest.mark.xfail\ndef test_long"), "switched-off"),
    "a skip for the whole file": (
        OLD.replace("LONG =", "pytestmark = pytest.mark.skip\nLONG ="),
        "switched-off",
    ),
    "a skip in the body": (
        OLD.replace("    result =", "    pytest.skip('no')\n    result ="),
        "switched-off",
    ),
    "a return first": (OLD.replace("    result =", "    return\n    result ="), "assertion-removed"),
    "a condition": (
        OLD.replace("    assert result.islower()", "    if result:\n        assert result.islower()"),
        "assertion-loosened",
    ),
    "an except": (
        OLD.replace(
            "    assert result.islower()",
            "    try:\n        assert result.islower()\n    except AssertionError:\n        pass",
        ),
        "assertion-loosened",
    ),
    "in for ==": (OLD.replace('assert result == "a-', 'assert result in "a-'), "assertion-loosened"),
    "truth for ==": (
        OLD.replace('assert result == "a-very-long-title"', "assert result"),
        "assertion-loosened",
    ),
    "or True": (
        OLD.replace("assert result.islower()", "assert result.islower() or True"),
        "assertion-removed",
    ),
    ">= for >": (OLD.replace("len(result) > 3", "len(result) >= 3"), "assertion-loosened"),
    "a lower bound": (OLD.replace("len(result) > 3", "len(result) > 0"), "expected-changed"),
    "any error": (OLD.replace('ValueError, match="empty"', "Exception"), "assertion-loosened"),
    "no pattern": (OLD.replace(', match="empty"', ""), "assertion-loosened"),
    "another pattern": (OLD.replace('match="empty"', 'match=""'), "expected-changed"),
    "a wider tolerance": (OLD.replace("abs=0.001", "abs=0.5"), "assertion-loosened"),
    "a tolerance for a value": (OLD.replace("== [2]", "== pytest.approx([2], abs=9)"), "assertion-loosened"),
    "another expected value": (OLD.replace('== "one"', '== "two"'), "expected-changed"),
    "another expected value in a case": (OLD.replace('"two-words")', '"two_words")'), "expected-changed"),
    "another constant": (OLD.replace('LONG = "A Very Long Title"', 'LONG = "x"'), "assertion-removed"),
    "a subject replaced by its value": (
        OLD.replace("result = slug(LONG)", 'result = "a-very-long-title"'),
        "assertion-removed",
    ),
    "a step less": (OLD.replace('        seen.append(words("a b"))\n', ""), "steps-changed"),
}


@pytest.mark.parametrize(("new", "rule"), GIVEN_UP.values(), ids=GIVEN_UP.keys())
def test_what_is_given_up_is_named(new: str, rule: str) -> None:
    assert new != OLD
    found = lost(new)
    assert rule in {finding.rule for finding in found}
    assert all(finding.severity == "critical" and finding.file == PATH for finding in found)


KEPT = {
    "nothing changed": OLD,
    "formatted and reordered": ast.unparse(
        ast.Module(ast.parse(OLD).body[:3] + ast.parse(OLD).body[:2:-1], [])
    ),
    "an added test": OLD + "\n\ndef test_more():\n    assert slug('B') == 'b'\n",
    "an added assertion": OLD.replace("    assert len(", "    assert result\n    assert len("),
    "an added case": OLD.replace(CASES, CASES[:-1] + ', ("C", "c")]'),
    "a renamed test": OLD.replace("test_long", "test_a_long_title"),
    "a renamed helper": OLD.replace("check(", "is_slugged("),
    "a renamed fixture": OLD.replace(
        '(title):\n    assert slug(title) == "one"', '(one):\n    assert slug(one) == "one"'
    ).replace("def title", "def one"),
    "a renamed variable": OLD.replace("result", "made"),
    "no variable": OLD.replace("    result = slug(LONG)\n", "").replace("result", "slug(LONG)"),
    "no constant": OLD.replace('LONG = "A Very Long Title"\n', "").replace("LONG", '"A Very Long Title"'),
    "another way to import": OLD.replace("from slug import slug, words", "import slug as s")
    .replace("slug(", "s.slug(")
    .replace("words(", "s.words("),
    "cases written out": OLD.replace(
        "def test_cases(given, expected):\n    assert slug(given) == expected",
        "def test_cases():\n    assert slug('One') == 'one'\n    assert slug('Two Words') == 'two-words'",
    ).replace(f'@pytest.mark.parametrize(("given", "expected"), {CASES})\n', ""),
    "a loop over the cases": OLD.replace(
        "def test_cases(given, expected):\n    assert slug(given) == expected",
        f"def test_cases():\n    for given, expected in {CASES}:\n        assert slug(given) == expected",
    ).replace(f'@pytest.mark.parametrize(("given", "expected"), {CASES})\n', ""),
    "two tests from one": OLD.replace(
        "    assert result.islower()",
        "\n\ndef test_long_again():\n    result = slug(LONG)\n    assert result.islower()",
    ),
    "sides exchanged": OLD.replace(
        'assert result == "a-very-long-title"', 'assert "a-very-long-title" == result'
    ),
    "and for two": OLD.replace(
        "    assert result.islower()\n    assert len(result) > 3",
        "    assert result.islower() and len(result) > 3",
    ),
    "a message": OLD.replace("assert result.islower()", "assert result.islower(), result"),
    "annotations": OLD.replace("def test_long():", "def test_long() -> None:").replace(
        "def title():", "def title() -> str:"
    ),
    "a narrower tolerance": OLD.replace("abs=0.001", "abs=0.0005"),
    "a pattern more": OLD.replace('ValueError, match="empty"', 'ValueError, match="empty"').replace(
        "len(result) > 3", "len(result) == 17"
    ),
    "a step in a fixture": OLD.replace(
        '        seen.append(words("a b"))\n', '        seen.append(words("a b"))\n        print(seen)\n'
    ),
    "a class around it": OLD.replace(
        'def test_helper():\n    check("X", "x")',
        'class TestHelper:\n    def test_helper(self):\n        check("X", "x")',
    ),
    "under a finally": OLD.replace(
        "    assert result.islower()",
        "    try:\n        assert result.islower()\n    finally:\n        print(result)",
    ),
}


@pytest.mark.parametrize("new", KEPT.values(), ids=KEPT.keys())
def test_what_demands_as_much_may_change(new: str) -> None:
    ast.parse(new)
    assert lost(new) == []


WRONG = OLD.replace('"two-words")', '"two_words")')
IN_CASES = Mandate(expected=frozenset({f"{PATH}::test_cases"}))


def test_a_test_at_fault_may_expect_another_value() -> None:
    assert lost(OLD, IN_CASES, old=WRONG) == []
    assert [finding.rule for finding in lost(OLD, old=WRONG)] == ["expected-changed"]


def test_a_review_names_a_test_by_a_line() -> None:
    line = OLD[: OLD.index("def test_cases")].count("\n") + 1
    assert lost(OLD, Mandate(expected=frozenset({f"{PATH}:{line + 1}"})), old=WRONG) == []
    assert lost(OLD, Mandate(expected=frozenset({f"{PATH}:{line + 40}"})), old=WRONG) != []
    assert lost(OLD, Mandate(expected=frozenset({PATH})), old=WRONG) == []


@pytest.mark.parametrize(
    "new",
    [
        without("test_cases"),
        OLD.replace(', ("Two Words", "two-words")]', "]"),
        OLD.replace("def test_cases", "@pytest.mark.skip\ndef test_cases"),
        OLD.replace("assert slug(given) == expected", "assert slug(given)"),
        OLD.replace('("Two Words", "two-words")', '("two-words", "two-words")'),
        OLD.replace('== "one"', '== "two"'),
    ],
    ids=["deleting", "dropping the case", "skipping", "loosening", "another input", "another test"],
)
def test_nothing_else_is_unlocked(new: str) -> None:
    assert lost(new, IN_CASES, old=WRONG) != []


def test_an_example_of_the_requirements_is_never_unlocked() -> None:
    past, now = [TreeState(tests={PATH: OLD})], {PATH: WRONG}
    assert weakened(past, now, IN_CASES) == []
    (finding,) = weakened(past, now, IN_CASES, [Example(("'Two Words'",), "'two-words'")])
    assert "the requirements give this example" in finding.message


def test_a_weakened_test_never_becomes_what_is_compared_with() -> None:
    weak = OLD.replace("    assert result.islower()\n", "")
    past = [TreeState(tests={PATH: text}) for text in (OLD, weak, weak)]
    assert [finding.rule for finding in weakened(past, {PATH: weak}, Mandate())] == ["assertion-removed"]
    assert weakened(past, {PATH: OLD}, Mandate()) == []


def test_what_was_added_since_has_to_be_kept_too() -> None:
    more = OLD + "\n\ndef test_more():\n    assert slug('B') == 'b'\n"
    past = [TreeState(tests={PATH: OLD}), TreeState(tests={PATH: more})]
    assert [finding.rule for finding in weakened(past, {PATH: OLD}, Mandate())] == ["test-deleted"]


def test_a_file_that_does_not_parse_is_not_what_is_compared_with() -> None:
    past = [TreeState(tests={PATH: OLD}), TreeState(tests={PATH: "def ("})]
    assert weakened(past, {PATH: OLD}, Mandate()) == []
    assert weakened(past, {PATH: without("test_long")}, Mandate()) != []
    assert weakened(past[:1], {PATH: "def ("}, Mandate()) == []  # the syntax gate says it


def test_a_new_plan_may_give_things_other_names() -> None:
    new = OLD.replace("from slug import slug,", "from slug import slugify,").replace(" slug(", " slugify(")
    assert lost(new.replace("=slug(", "=slugify("), Mandate(new_plan=True)) == []
    assert lost(new) != []


def test_tests_may_move_to_another_file() -> None:
    past = [TreeState(tests={PATH: OLD})]
    assert weakened(past, {"tests/test_other.py": OLD}, Mandate()) == []


def test_a_helper_in_another_file_counts() -> None:
    helper = "from slug import slug\n\n\ndef check(title, expected):\n    assert slug(title) == expected\n"
    test = "from tests.helpers import check\n\n\ndef test_it():\n    check('A', 'a')\n"
    past = [TreeState(tests={"tests/helpers.py": helper, PATH: test})]
    hollow = helper.replace("assert slug(title) == expected", "slug(title)")
    assert weakened(past, past[0].tests, Mandate()) == []
    assert weakened(past, {"tests/helpers.py": hollow, PATH: test}, Mandate()) != []


HONEST: dict[str, Callable[[str], str]] = {
    "reformat": lambda text: ast.unparse(ast.parse(text)),
    "add": lambda text: text + "\n\ndef test_added():\n    assert slug('Z') == 'z'\n",
    "rename": lambda text: text.replace("test_long", "test_longer"),
    "constant": lambda text: text.replace("LONG", "A_TITLE"),
    "variable": lambda text: text.replace("result", "outcome"),
    "reorder": lambda text: ast.unparse(
        ast.Module(ast.parse(text).body[:3] + sorted(ast.parse(text).body[3:], key=ast.dump), [])
    ),
    "annotate": lambda text: text.replace("():", "() -> None:"),
    "comment": lambda text: text.replace("\n    assert", "\n    # it holds\n    assert"),
    "message": lambda text: text.replace("assert result.islower()", "assert result.islower(), 'lower'"),
    "import": lambda text: text.replace(
        "from slug import slug, words", "from slug import slug\nfrom slug import words"
    ),
}


@pytest.mark.parametrize("seed", range(40))
def test_honest_changes_put_together_give_nothing_up(seed: int) -> None:
    chosen = random.Random(seed)
    text = OLD
    for name in chosen.sample(sorted(HONEST), 3):
        text = HONEST[name](text)
    ast.parse(text)
    assert lost(text) == []


def test_an_example_is_that_of_its_arguments_in_their_order() -> None:
    example = Example(("2", "12"), "False")
    assert example.is_said_by(Relation("is", "solution.f(2, 12)", "False"))
    assert not example.is_said_by(Relation("is", "solution.f(12, 2)", "False"))
    assert not example.is_said_by(Relation("is", "solution.f(2, 1, 12)", "False"))
    assert not example.is_said_by(Relation("is", "solution.f(2, 12)", "True"))
