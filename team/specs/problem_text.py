"""Algorithm problems written as Markdown: the text, and what stands in it as data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from team.errors import SpecError
from team.specs.documents import parse_document

_FENCE = re.compile(r"^(```+|~~~+)[ \t]*(yaml|yml|json)[^\n]*\n(.*?)^\1[ \t]*$\n?", re.M | re.S | re.I)
_TITLE = re.compile(r"\A\s*#\s+(.+)$", re.MULTILINE)
_SIGNATURE = re.compile(r"^\s*(?:async\s+)?def\s+([A-Za-z_]\w*)\s*\((?!\s*(?:self|cls)\b)", re.MULTILINE)
_JAVASCRIPT = re.compile(
    r"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s+([A-Za-z_]\w*)\s*\(", re.MULTILINE
)
_KEYS = frozenset({"name", "examples", "entry_point", "language", "packages"})


def read_problem(text: str) -> dict[str, Any]:
    """The keys of a `ProblemSpec` that a Markdown text gives.

    A fenced `yaml` or `json` block with a list of examples, or with keys such as `entry_point` and
    `examples`, is taken out of the description; other blocks stay in it. The first heading is the name.
    Without an `entry_point`, the only function whose signature is shown is the one to write.
    """
    data: dict[str, Any] = {}
    description = text
    for match in _FENCE.finditer(text):
        if block := _data(match[3]):
            data = {**data, **block}
            description = description.replace(match[0], "")
    if title := _TITLE.search(text):
        data.setdefault("name", title[1].strip())
    names = {*_SIGNATURE.findall(description), *_JAVASCRIPT.findall(description)}
    if len(names) == 1:
        data.setdefault("entry_point", names.pop())
    return {**data, "description": description.strip()}


def _data(text: str) -> dict[str, Any]:
    """The keys that a block gives; none when it is only a part of the text."""
    indented = "".join(f" {line}\n" for line in text.splitlines())
    for candidate in (text, f"examples:\n{indented}"):
        try:
            found = parse_document(candidate, Path("problem.yaml")).data
        except SpecError:
            continue
        examples = found.get("examples")
        listed = isinstance(examples, list) and all(isinstance(e, dict) and "input" in e for e in examples)
        if set(found) <= _KEYS and (listed or "examples" not in found):
            return dict(found)
    return {}
