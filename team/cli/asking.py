"""A human's last word, asked for on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from team.cli.terminal import clean, notices

if TYPE_CHECKING:
    from team.approval import ApprovalAnswer, ApprovalQuestion


def ask_on_terminal(question: ApprovalQuestion) -> ApprovalAnswer:
    """Show the files and ask on stderr; an empty answer approves nothing.

    Raises:
        KeyboardInterrupt: nobody is there to answer; the session ends resumable instead of going in circles.
    """
    from team.approval import ApprovalAnswer

    screen = notices()
    for file in question.files:
        screen.print(f"  {clean(file)}", soft_wrap=True)
    screen.print(f"{clean(question.question)} \\[y/N, or what is wrong] ", end="", markup=True)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    said = line.strip()
    if said.lower() in ("y", "yes"):
        return ApprovalAnswer(True)
    return ApprovalAnswer(False, "" if said.lower() in ("", "n", "no") else said)
