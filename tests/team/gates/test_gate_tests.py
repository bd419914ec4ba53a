from __future__ import annotations

import py_compile
from pathlib import Path

import pytest
from support.gate_trees import TESTS, Judge, Make, rules

from team.gates import judge
from team.gates.base import GateSettings

Tree = dict[str, str]


def test_passing_tests_pass(judged: Judge, good: Tree) -> None:
    result = judged("tests", good)
    assert (result.status, result.why, result.findings) == ("pass", "4 of 4 tests passed", ())


def test_a_failing_test_is_placed_with_its_assertion(judged: Judge, good: Tree) -> None:
    good["app/calc.py"] = good["app/calc.py"].replace("a + b", "a - b")
    result = judged("tests", good)

    (finding,) = result.findings
    assert (result.status, finding.file, finding.line) == ("fail", "tests/test_calc.py", 7)
    assert finding.rule == "test-failed"
    assert finding.message.splitlines() == [
        "tests/test_calc.py::test_add fails: AssertionError: assert -1 == 3",
        "tests/test_calc.py:7: in test_add",
        "    assert add(1, 2) == 3",
        "E   assert -1 == 3",
        "E    +  where -1 = add(1, 2)",
    ]


def test_failures_of_one_cause_are_told_together(judged: Judge, good: Tree) -> None:
    good["tests/test_calc.py"] = (
        "import pytest\n\n\n"
        "@pytest.fixture\ndef broken() -> None:\n    assert 1 == 2\n\n\n"
        "def test_a(broken: None) -> None:\n    pass\n\n\n"
        "def test_b(broken: None) -> None:\n    pass\n\n\n"
        "@pytest.mark.parametrize('n', range(9))\ndef test_n(n: int) -> None:\n    assert n > 9\n"
    )
    first, second = judged("tests", good).findings

    assert (first.line, first.message.splitlines()[0]) == (
        6,
        "tests/test_calc.py::test_a fails in setup: AssertionError: assert 1 == 2",
    )
    assert first.message.splitlines()[-1] == "the same in tests/test_calc.py::test_b"
    assert second.message.splitlines()[0].startswith("tests/test_calc.py::test_n[0] fails: AssertionError")
    assert second.message.splitlines()[-1].endswith("test_n[5] and 3 more")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"app/calc.py": "import nowhere\n"}, ("app/calc.py", 1, "code-error")),
        ({"app/calc.py": "def add(a, b):\n    return c\n\n\nhalf = add\n"}, ("app/calc.py", 2, "code-error")),
        ({"app/calc.py": "def add(a, b):\n    return a + b\n"}, ("tests/test_calc.py", 3, "test-failed")),
        (
            {"tests/test_calc.py": "def test_a() -> None:\n    assert missing\n"},
            ("tests/test_calc.py", 2, "test-error"),
        ),
        (
            {"tests/test_calc.py": "def test_a(nowhere: int) -> None:\n    assert nowhere\n"},
            ("tests/test_calc.py", None, "test-error"),
        ),
        ({"tests/conftest.py": "import nowhere\n"}, ("tests/conftest.py", 1, "test-failed")),
    ],
    ids=["import in code", "name in code", "name missing", "name in test", "fixture", "conftest"],
)
def test_the_evidence_says_whose_error_it_is(
    judged: Judge, good: Tree, change: Tree, place: tuple[str, int | None, str]
) -> None:
    result = judged("tests", {**good, **change})
    assert result.status == "fail"
    assert place in {(f.file, f.line, f.rule) for f in result.findings}


def test_no_tests_are_no_pass(judged: Judge, good: Tree) -> None:
    del good["tests/test_calc.py"]
    assert rules(judged("tests", good)) == {"no-tests"}
    good["tests/test_calc.py"] = "import pytest\n\n\n@pytest.mark.skip\ndef test_a() -> None:\n    assert 0\n"
    assert rules(judged("tests", good)) == {"no-tests", "skipped"}


def test_skipped_and_expected_failures_count(judged: Judge, good: Tree) -> None:
    good["tests/test_more.py"] = (
        "import pytest\n\n\n"
        "def test_elsewhere() -> None:\n    pytest.importorskip('nowhere')\n\n\n"
        "@pytest.mark.skip(reason='later')\ndef test_later() -> None:\n    assert 0\n\n\n"
        "@pytest.mark.xfail\ndef test_hopeless() -> None:\n    assert 0\n\n\n"
        "@pytest.mark.parametrize('n', [])\ndef test_over_nothing(n: int) -> None:\n    assert 0\n"
    )
    result = judged("tests", good)
    told = {(f.message.partition(" ")[0].partition("::")[2], f.rule, f.severity) for f in result.findings}
    assert told == {
        ("test_elsewhere", "skipped", "minor"),
        ("test_later", "skipped", "major"),
        ("test_hopeless", "xfailed", "major"),
        ("test_over_nothing[NOTSET]", "skipped", "major"),
    }


def test_a_limit_that_ends_the_run_is_named_with_the_place_where_it_hung(judged: Judge, good: Tree) -> None:
    good["app/calc.py"] = good["app/calc.py"].replace("    return a + b", "    while True:\n        a = b")
    result = judged("tests", good, GateSettings(timeout=6))

    assert result.status == "fail"
    finding = result.findings[0]
    assert finding.rule == "limit"
    assert "wall limit during tests/test_calc.py::test_add" in finding.message
    assert "app/calc.py:" in finding.message


def test_what_tests_write_is_no_part_of_the_tree(target: Make, good: Tree) -> None:
    good["tests/test_calc.py"] = TESTS + (
        "\n\ndef test_writes() -> None:\n    with open('left.txt', 'w') as file:\n        file.write('x')\n"
    )
    tree = target(good)
    assert judge(tree, ["tests"])[0].status == "pass"
    assert not (tree.root / "left.txt").exists()


def test_code_that_no_gate_can_read_is_not_there(judged: Judge, good: Tree, tmp_path: Path) -> None:
    (tmp_path / "hidden.py").write_text("def add(a, b):\n    return a + b\n\n\nhalf = add\n")
    py_compile.compile(str(tmp_path / "hidden.py"), cfile=str(tmp_path / "hidden.pyc"))
    hidden = {"app/hidden.pyc": (tmp_path / "hidden.pyc").read_bytes()}
    result = judged("tests", {**good, **hidden, "app/calc.py": "from app.hidden import add, half\n"})
    assert ("app/calc.py", 1, "code-error") in {(f.file, f.line, f.rule) for f in result.findings}


def test_helpers_packages_fixtures_and_data_files_work_as_under_plain_pytest(
    judged: Judge, good: Tree
) -> None:
    result = judged(
        "tests",
        {
            **good,
            "src/lib/__init__.py": "",
            "src/lib/core.py": "VALUE = 1\n",
            "tests/helper.py": "ONE = 1\n",
            "tests/unit/__init__.py": "",
            "tests/unit/shared.py": "TWO = 2\n",
            "tests/data/two.txt": "2",
            "tests/conftest.py": (
                "import pytest\n\n\n@pytest.fixture\ndef test_client() -> int:\n    return 1\n"
            ),
            "tests/test_helper.py": (
                "import unittest\nfrom pathlib import Path\n\nfrom helper import ONE\n"
                "from lib.core import VALUE\n"
                "from tests.helper import ONE as SAME\n\n\n"
                "def test_one(test_client: int) -> None:\n"
                "    assert ONE == SAME == VALUE == test_client\n"
                "    assert Path('tests/data/two.txt').read_text() == '2'\n\n\n"
                "class Case(unittest.TestCase):\n"
                "    def test_two(self) -> None:\n        self.assertEqual(ONE, 1)\n"
            ),
            "tests/unit/test_shared.py": (
                "from .shared import TWO\n\n\ndef test_two() -> None:\n    assert TWO == 2\n"
            ),
        },
    )
    assert (result.status, result.findings) == ("pass", ())


def test_a_failing_unittest_is_a_failure_and_no_forgery(judged: Judge, good: dict[str, str]) -> None:
    text = """import unittest

from app.calc import add


class AddTest(unittest.TestCase):
    def test_add(self) -> None:
        self.assertEqual(add(1, 2), 4)
"""
    assert rules(judged("tests", {**good, "tests/test_unit.py": text})) == {"test-failed"}
