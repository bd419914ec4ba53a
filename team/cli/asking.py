"""A human's last word, asked for on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from team.cli.terminal import clean, notices

if TYPE_CHECKING:
    from team.approval import ApprovalAnswer, ApprovalQuestion

MOST_LINES = 200
_COLOURS = {"+": "green", "-": "red"}


def ask_on_terminal(question: ApprovalQuestion) -> ApprovalAnswer:
    """Show what it is about and ask on stderr; an empty answer approves nothing.

    Raises:
        KeyboardInterrupt: nobody is there to answer; the session ends resumable instead of going in circles.
    """
    from team.approval import ApprovalAnswer

    screen = notices()
    for file in question.files:
        screen.print(f"  {clean(file)}", soft_wrap=True)
    lines = clean(question.details).splitlines()
    for line in lines[:MOST_LINES]:
        screen.print(line, style=_COLOURS.get(line[:1], ""), soft_wrap=True)
    if len(lines) > MOST_LINES:
        screen.print(f"… and {len(lines) - MOST_LINES} more lines", style="dim")
    screen.print(f"{clean(question.question)} \\[y/N, or what is wrong] ", end="", markup=True)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        screen.print("\nnobody is there to answer", style="bold")
        raise KeyboardInterrupt
    said = line.strip()
    if said.lower() in ("y", "yes"):
        return ApprovalAnswer(True)
    return ApprovalAnswer(False, "" if said.lower() in ("", "n", "no") else said)
