"""Findings as SARIF 2.1.0 (OASIS, 2020), which code scanning and editors read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from team.fingerprints import fingerprint
from team.gates.base import Finding, GateResult
from team.transcript.safe_text import plain

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "major": "error", "minor": "note"}


def sarif(results: Sequence[GateResult], *, version: str = "", prefix: str = "") -> str:
    """One run with every finding of every gate, as JSON text. The same results give the same bytes.

    Args:
        results: what the gates said.
        version: of this tool.
        prefix: the judged folder as seen from the repository's root, POSIX; empty when it is that.
    """
    rules = sorted({_id(gate, finding) for gate, finding in _findings(results)})
    driver: dict[str, Any] = {"name": "devteam", "rules": [_rule(rule) for rule in rules]}
    if version:
        driver["version"] = version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the root of the judged files"}}},
        "invocations": [_invocation(results)],
        "results": [
            _result(gate, finding, rules.index(_id(gate, finding)), prefix)
            for gate, finding in _findings(results)
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=True) + "\n"


def _findings(results: Sequence[GateResult]) -> Iterator[tuple[str, Finding]]:
    return ((result.name, finding) for result in results for finding in result.findings)


def _id(gate: str, finding: Finding) -> str:
    return plain(f"{gate}/{finding.rule}")


def _rule(rule: str) -> dict[str, Any]:
    gate, _, name = rule.partition("/")
    return {"id": rule, "name": name, "shortDescription": {"text": f"{name}, of the gate {gate}"}}


def _invocation(results: Sequence[GateResult]) -> dict[str, Any]:
    failed = [result for result in results if result.status == "error"]
    invocation: dict[str, Any] = {"executionSuccessful": not failed}
    if failed:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": plain(f"{result.name}: {result.why}")}}
            for result in failed
        ]
    return invocation


def _result(gate: str, finding: Finding, index: int, prefix: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ruleId": _id(gate, finding),
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": plain(finding.message) or plain(finding.rule)},
        "partialFingerprints": {"devteam/v1": _digest(gate, finding)},
    }
    if finding.file:
        told["locations"] = [{"physicalLocation": _place(finding, prefix)}]
    if finding.waived:
        told["suppressions"] = [{"kind": "external", "justification": "waived by a person"}]
    return told


def _place(finding: Finding, prefix: str) -> dict[str, Any]:
    path = f"{prefix}/{finding.file}" if prefix else str(finding.file)
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(plain(path)), "uriBaseId": "SRCROOT"}}
    if finding.line and finding.line > 0:
        place["region"] = {"startLine": finding.line}
    return place


def _digest(gate: str, finding: Finding) -> str:
    return hashlib.sha256("\n".join(fingerprint(gate, finding)).encode("utf-8", "replace")).hexdigest()[:32]
