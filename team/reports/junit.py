"""The final run of the tests, and the gates, as JUnit XML, which continuous integration reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from team.gates.base import Finding, GateResult
from team.transcript.safe_text import plain

PASSED = "pass"
SKIPPED = "skipped"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[GateResult]) -> str:
    """Two suites: `tests` with each test that ran as a case, and `gates` with each gate as one.

    The same results give the same bytes: there are no times in it.
    """
    root = Element("testsuites", name="devteam")
    tests = next((result for result in results if result.name == "tests"), None)
    if tests is not None and tests.status != "skip":
        _tests(root, tests)
    _gates(root, results)
    for count in ("tests", "failures", "errors"):  # the usual schema has no `skipped` here
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _tests(root: Element, gate: GateResult) -> None:
    suite = SubElement(root, "testsuite", name="tests")
    for name, verdict in sorted(gate.cases.items()):
        case = _case(suite, *_place(name))
        if verdict.startswith(SKIPPED):
            SubElement(case, "skipped", message=_text(verdict))
        elif verdict != PASSED:
            told = [finding for finding in gate.findings if name in finding.message]
            _complaint(case, "failure", verdict, told)
    named = {name for name in gate.cases for finding in gate.findings if name in finding.message}
    for finding in gate.findings:  # such as a run that was cut off: nothing of it may be lost
        if finding.severity != "minor" and not any(name in finding.message for name in named):
            _complaint(_case(suite, "tests", finding.rule), "failure", str(finding), [finding])
    _count(suite)


def _gates(root: Element, results: Sequence[GateResult]) -> None:
    suite = SubElement(root, "testsuite", name="gates")
    for result in results:
        case = _case(suite, "gates", result.name)
        if result.status == "skip":
            SubElement(case, "skipped", message=_text(result.why))
        elif result.status == "error":
            SubElement(case, "error", message=_text(result.why))
        elif result.status == "fail":
            deciding = [finding for finding in result.findings if finding.severity != "minor"]
            _complaint(case, "failure", result.why, deciding)
    _count(suite)


def _case(suite: Element, group: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=_text(group), name=_text(name))


def _complaint(case: Element, kind: str, message: str, findings: Sequence[Finding]) -> None:
    told = SubElement(case, kind, message=_text(message.partition("\n")[0]))
    told.text = _text("\n".join(str(finding) for finding in findings))


def _place(name: str) -> tuple[str, str]:
    """Class and name of a test by its id: ``tests/test_a.py::TestB::test_c`` is of tests.test_a.TestB."""
    path, _, rest = name.partition("::")
    function, bracket, case = rest.partition("[")
    *classes, last = function.split("::")
    return ".".join([path.removesuffix(".py").replace("/", "."), *classes]), last + bracket + case


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(kind) is not None for case in suite)))


def _text(text: str) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("?", plain(text))
