"""Hand-written tapes for tests: who answers what, in order."""

from __future__ import annotations

import json
from pathlib import Path

APPROVE = '{"verdict": "approve", "findings": []}'

QUICK = ("syntax", "types", "tests")
"""Gates for sessions whose tests are about something else."""


def file_block(path: str, content: str) -> str:
    """An answer that holds one whole file."""
    return f"```python\n# filename: {path}\n{content.strip()}\n```\n"


def write_tape(path: Path, *answers: tuple[str, str] | dict[str, object]) -> Path:
    """A tape with these answers: (role, content), or a whole line."""
    lines = [
        line
        if isinstance(line, dict)
        else {"type": "model_call", "agent": line[0], "answer": {"content": line[1]}}
        for line in answers
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


# A small task with its tests, a right solution, and two wrong ones.
TASK = "Write slug(title) in slug.py: lower case, words joined by dashes."
TESTS = file_block(
    "tests/test_slug.py",
    """
from slug import slug


def test_words_are_joined_by_dashes() -> None:
    assert slug("Two Words") == "two-words"


def test_one_word() -> None:
    assert slug("One") == "one"
""",
)
RIGHT = file_block(
    "slug.py",
    '''
"""Slugs for titles."""


def slug(title: str) -> str:
    """Join the words of a title by dashes, in lower case."""
    return "-".join(title.lower().split())
''',
)
WRONG = RIGHT.replace('"-".join', '"_".join')
UNTYPED = RIGHT.replace("title: str) -> str", "title)")
