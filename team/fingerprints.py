"""Failures told apart: a finding without what changes from patch to patch though the failure is the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from team.gates.base import Finding, GateResult

# Strings as Python writes them; an apostrophe inside a word, as in "doesn't", opens none.
_QUOTED = re.compile(r"(?<!\w)[bru]{0,2}(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`\n]*`)")
_PATH = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?(?:[\w.@+-]*[/\\])+[\w.@+-]*")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|[+-]?\b\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\b")
_ADDRESSED = re.compile(r"<[\w.<>]+ (?:object )?at [^>]*>")
_COLLECTED = re.compile(r"[\[({][\s#',:]*(?:(?:None|True|False)[\s#',:]*)*[\])}]")
_EXAMPLE = re.compile(r"^\s*(?:E\s+)?(?:Falsifying (?:explicit )?example|You can reproduce this example)")


MEASURED = frozenset({"coverage"})
"""Rules whose messages are measurements: another number is another finding."""

LONGEST = 1000
"""Letters of a message that count."""


class Fingerprint(NamedTuple):
    """What makes a failure the same: its gate, rule and file, and its message without what moves."""

    gate: str
    rule: str
    file: str
    message: str


def fingerprint(gate: str, finding: Finding) -> Fingerprint:
    """The fingerprint of one finding of one gate. A place's line and column do not count."""
    message = finding.message if finding.rule in MEASURED else normalised(finding.message)
    return Fingerprint(gate, finding.rule, finding.file or "", message)


def fingerprints(results: Iterable[GateResult], refused: Iterable[Finding] = ()) -> Counter[Fingerprint]:
    """How often each fingerprint is among the findings that turn gates red, and among refused blocks.

    A red gate that names nothing has one, too. Fewer of the same kind are progress, and so not the same.
    """
    found = Counter(fingerprint("", finding) for finding in refused if finding.severity != "minor")
    for result in results:
        if not result.red:
            continue
        deciding = [finding for finding in result.findings if finding.severity != "minor"]
        found.update(fingerprint(result.name, finding) for finding in deciding)
        if not deciding:
            found[Fingerprint(result.name, "", "", normalised(result.why))] += 1
    return found


def normalised(message: str) -> str:
    """A message's first line without paths, numbers, addresses, quoted values and examples.

    What follows the first line of a failing test is its traceback, which moves with every patch; the
    examples that hypothesis found are dropped, and what stands in brackets is one value, in any order.
    """
    lines = [line for line in message.splitlines() if line.strip() and not _EXAMPLE.match(line)]
    text = lines[0].strip()[:LONGEST] if lines else ""
    text = _ADDRESSED.sub("<object>", text)
    text = _QUOTED.sub("'#'", text)
    text = _PATH.sub("<path>", text)
    text = _NUMBER.sub("#", text)
    for _ in range(4):  # collections in collections
        text = _COLLECTED.sub("#", text)
    return " ".join(text.split())
