"""Going on with an answer that was cut at the model's output limit."""

from __future__ import annotations

import re

_MOST_OVERLAP = 2000
_LEAST_OVERLAP = 12


def ask_on(user: str, answer: str) -> str:
    """The user message that asks for the rest of `answer`, which was given to `user` and is cut."""
    return (
        f"{user}\n\n"
        "Your answer to this was cut off at the length limit. So far it is, between the two marks:\n"
        f"<<<BEGIN>>>{answer}<<<END>>>\n"
        "Continue exactly where it stops, beginning with the very next character. Repeat nothing of it, "
        "write no introduction, and open no new code fence for a block that is already open."
    )


def join(answer: str, rest: str) -> str:
    """`answer` and its continuation as one text, without what the continuation repeats."""
    if _inside_fence(answer):
        rest = _without_fence(rest)
    return answer + rest[_overlap(answer, rest) :]


def _overlap(answer: str, rest: str) -> int:
    """How many characters at the start of `rest` are a repetition of the end of `answer`.

    A short match is chance (a brace, a line of indentation), unless it is the whole unfinished line.
    """
    for size in range(min(len(answer), len(rest), _MOST_OVERLAP), 0, -1):
        if answer.endswith(rest[:size]) and len("".join(rest[:size].split())) >= _LEAST_OVERLAP:
            return size
    line = answer[answer.rfind("\n") + 1 :]
    if len(line.strip()) >= 4 and rest.startswith(line):
        return len(line)
    return 0


_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_OPENING = re.compile(r"\A\s*(`{3,}|~{3,})[ \t]*[A-Za-z][^\n`]*\n")


def _inside_fence(text: str) -> bool:
    fence = ""
    for found in _FENCE.finditer(text):
        marks = found.group(1)
        if not fence:
            fence = marks
        elif marks.startswith(fence) and found.group(0).strip() == marks:
            fence = ""
    return bool(fence)


def _without_fence(rest: str) -> str:
    """`rest` without a fence line that opens the open block again; a bare fence closes it and stays."""
    return _OPENING.sub("", rest, count=1)
