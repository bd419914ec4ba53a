"""The forms keep to what their readers expect: SARIF 2.1.0 as OASIS has it, JUnit XML as Jenkins reads it.

Both are stated here as far as reports use them, and closed: what is not named is not allowed.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft7Validator

from team.gates.base import Finding, GateResult
from team.reports.github import github
from team.reports.junit import junit
from team.reports.sarif import sarif

NASTY = "50 % of a,b:c\n::error::x\r\n%0A <b>&amp; ]]> \x00\ud800 \u202e"
TEXT = {"type": "string", "minLength": 1}


def record(required: str = "", **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


def rows(of: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


MESSAGE = record("text", text=TEXT)
ARTIFACT = record(
    uri={"type": "string", "pattern": r"^(?!/)(?!.*\.\./)[A-Za-z0-9%._~/,;:@!$&'()*+=-]+$"},
    uriBaseId={"enum": ["SRCROOT"]},
    description=MESSAGE,
)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = record(
    "version runs",
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"enum": ["2.1.0"]},
    runs=rows(
        record(
            "tool",
            tool=record(
                "driver",
                driver=record(
                    "name",
                    name=TEXT,
                    version=TEXT,
                    rules=rows(record("id", id=TEXT, name=TEXT, shortDescription=MESSAGE), uniqueItems=True),
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            originalUriBaseIds={"type": "object", "additionalProperties": ARTIFACT},
            invocations=rows(
                record(
                    "executionSuccessful",
                    executionSuccessful={"type": "boolean"},
                    toolExecutionNotifications=rows(record("message", message=MESSAGE, level=LEVEL)),
                )
            ),
            results=rows(
                record(
                    "message",
                    ruleId=TEXT,
                    ruleIndex={"type": "integer", "minimum": 0},
                    level=LEVEL,
                    message=MESSAGE,
                    partialFingerprints={"type": "object", "additionalProperties": TEXT},
                    locations=rows(
                        record(
                            physicalLocation=record(
                                artifactLocation=ARTIFACT,
                                region=record(startLine={"type": "integer", "minimum": 1}),
                            )
                        )
                    ),
                    suppressions=rows(
                        record("kind", kind={"enum": ["inSource", "external"]}, justification=TEXT)
                    ),
                )
            ),
        )
    ),
)
SUITE = {"name", "tests", "failures", "errors", "skipped"}
CHILDREN = {"skipped": {"message"}, "failure": {"message", "type"}, "error": {"message", "type"}}
RESULTS = [
    [],
    [GateResult(name="lint", status="pass")],
    [
        GateResult(name="types", status="error", why=f"crashed {NASTY}"),
        GateResult(name="contract", status="skip", why=NASTY),
        GateResult(
            name="tests",
            status="fail",
            cases={f"tests/a b.py::test_[{NASTY}]": NASTY, "tests/b.py::T::t": "skipped: why", "x": "pass"},
            findings=(
                Finding(file="a b/\u00fc,%.py", line=3, rule=f"R {NASTY}", message=NASTY),
                Finding(file="a.py", line=0, rule="B1", severity="minor", waived=True, message=""),
                Finding(rule="limit", severity="critical", message="over"),
            ),
        ),
    ],
]


@pytest.mark.parametrize("results", RESULTS, ids=["nothing", "green", "everything"])
def test_sarif_is_valid(results: list[GateResult]) -> None:
    for prefix in ("", "packages/my app"):
        text = sarif(results, version="1.2", prefix=prefix)
        assert "\\ud800" not in text  # half a character: strict readers refuse the whole file
        told = json.loads(text)
        assert [error.message for error in Draft7Validator(SARIF).iter_errors(told)] == []


@pytest.mark.parametrize("results", RESULTS, ids=["nothing", "green", "everything"])
def test_junit_is_valid(results: list[GateResult]) -> None:
    root = ElementTree.fromstring(junit(results))
    assert root.tag == "testsuites"
    assert set(root.attrib) == SUITE - {"skipped"}
    for suite in root:
        assert (suite.tag, set(suite.attrib)) == ("testsuite", SUITE)
        assert suite.get("tests") == str(len(suite))
        for case in suite:
            assert (case.tag, set(case.attrib)) == ("testcase", {"classname", "name"})
            assert len(case) <= 1
            assert all(set(part.attrib) <= CHILDREN[part.tag] for part in case)


ANNOTATION = re.compile(r"::(error|notice) ((file|line|title)=[^,:\r\n]*,?)+::[^\r\n]+")


def test_an_annotation_is_one_command_whatever_its_text() -> None:
    lines = github(RESULTS[-1], prefix="a,b").split("\n")[:-1]
    assert all(ANNOTATION.fullmatch(line) for line in lines), lines
    assert (
        "file=a%2Cb/a b/\u00fc%2C%25.py,line=3,title=tests%3A R 50 %25 of a%2Cb%3Ac%0A%3A%3Aerror%3A%3Ax"
        in lines[1]
    )
