"""Results in the forms of other tools; hostile text stays text in each of them."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from team.gates.base import Finding, GateResult
from team.reports.github import github
from team.reports.junit import junit
from team.reports.page import quoted
from team.reports.sarif import sarif

HOSTILE = (
    "a\n::error::forged\r%0A</failure>]]>\x00\x1b[31m\u202e<script> \ud800 | `x` **b** http://x.invalid @all"
)
RESULTS = [
    GateResult(
        name="lint",
        status="fail",
        findings=(
            Finding(file="a b/ü.py", line=3, rule="F401", message="unused"),
            Finding(file="a,b:c.py", rule="X,1:2", severity="critical", message=HOSTILE),
            Finding(rule="D100", severity="minor", message="no docstring"),
        ),
    ),
    GateResult(name="types", status="fail", why="not judged: a.py cannot be compiled"),
    GateResult(name="security", status="error", why="bandit ended\nwith exit code 1"),
    GateResult(name="contract", status="skip", why="there is no spec"),
    GateResult(
        name="tests",
        status="fail",
        why="1 of 4 tests passed",
        findings=(
            Finding(
                file="tests/test_a.py",
                line=4,
                rule="test-failed",
                message="tests/test_a.py::TestB::test_c[x::y] fails: AssertionError: 1\ntext",
            ),
            Finding(rule="limit", severity="critical", message="the test run was ended by the wall limit"),
        ),
        cases={
            "tests/test_a.py::test_ok": "pass",
            "tests/test_a.py::TestB::test_c[x::y]": "AssertionError: 1",
            "tests/test_a.py::test_s": "skipped: no database",
            f"tests/test_a.py::test_{HOSTILE}": HOSTILE,
        },
    ),
]


def test_sarif_names_every_finding_once() -> None:
    log: dict[str, Any] = json.loads(sarif(RESULTS, version="1.2"))
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "devteam")
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == 5
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert [one["level"] for one in run["results"]] == ["error", "error", "note", "error", "error"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/%C3%BC.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 3}
    assert run["invocations"][0]["executionSuccessful"] is False


def test_sarif_keeps_the_fingerprint_of_a_finding_that_moved() -> None:
    def digest(line: int) -> str:
        finding = Finding(file="a.py", line=line, rule="F401", message=f"unused, line {line}")
        told = json.loads(sarif([GateResult(name="lint", status="fail", findings=(finding,))]))
        return str(told["runs"][0]["results"][0]["partialFingerprints"])

    assert digest(3) == digest(40)


def test_sarif_tells_what_a_person_waived() -> None:
    waived = Finding(file="a.py", rule="B324", severity="minor", waived=True, message="md5")
    told = json.loads(sarif([GateResult(name="security", status="pass", findings=(waived,))], prefix="lib"))
    (one,) = told["runs"][0]["results"]
    assert one["suppressions"][0]["kind"] == "external"
    assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "lib/a.py"


def test_junit_has_each_test_as_a_case_and_each_gate() -> None:
    root = ElementTree.fromstring(junit(RESULTS))
    tests, gates = root.findall("testsuite")
    assert (tests.get("name"), tests.get("tests"), tests.get("failures"), tests.get("skipped")) == (
        "tests",
        "5",
        "3",
        "1",
    )
    case = next(case for case in tests if case.get("name") == "test_c[x::y]")
    assert case.get("classname") == "tests.test_a.TestB"
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "AssertionError: 1"
    assert "tests/test_a.py:4" in str(failure.text)
    assert [case.get("name") for case in gates] == ["lint", "types", "security", "contract", "tests"]
    assert (gates.get("failures"), gates.get("errors"), gates.get("skipped")) == ("3", "1", "1")
    assert root.get("tests") == "10"


def test_github_annotations_are_one_command_a_line() -> None:
    lines = github(RESULTS, prefix="src/x").splitlines()
    assert lines[0] == "::error file=src/x/a b/ü.py,line=3,title=lint%3A F401::unused"
    assert lines[1].startswith("::error file=src/x/a%2Cb%3Ac.py,title=lint%3A X%2C1%3A2::a%0A::error::forged")
    assert lines[2] == "::notice title=lint%3A D100::no docstring"
    assert "::error title=types::not judged: a.py cannot be compiled" in lines
    assert "::error title=security::bandit ended%0Awith exit code 1" in lines
    assert all(line.startswith(("::error ", "::notice ")) for line in lines)


def test_nothing_found_is_said_validly() -> None:
    for results in ([], [GateResult(name="lint", status="pass")]):
        assert json.loads(sarif(results))["runs"][0]["results"] == []
        assert ElementTree.fromstring(junit(results)).get("failures") == "0"
        assert github(results) == ""


@pytest.mark.parametrize("form", [sarif, junit, github])
def test_no_form_holds_what_moves_a_cursor(form: Any) -> None:
    text = form(RESULTS)
    assert not {"\x1b", "\x00", "\u202e", "\r"} & set(text)
    text.encode()


def test_quoted_text_is_no_markdown() -> None:
    line = quoted(HOSTILE)
    assert "\n" not in line
    assert "\\<script\\>" in line
    assert "\\`x\\` \\*\\*b\\*\\*" in line
    assert "://" not in line
    assert "@all" not in line
