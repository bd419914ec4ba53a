"""One state of the files as a commit in the format that `git fast-import` reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from team.transcript.worktree import Entry


def commit_stream(
    found: Iterable[Entry], author: str, message: str, when: datetime, *, branch: str, parent: str
) -> Iterator[bytes]:
    """The commit piece by piece, ending with the request for its name.

    Args:
        found: all files and links of that state.
        author: who made it, such as an agent's name.
        message: the commit's message.
        when: the date of the commit.
        branch: the full name of the branch that it goes to.
        parent: the commit before it; empty for the first.
    """
    date = f"{int(when.timestamp())} +0000"
    name = re.sub(r"[<>\x00-\x1f]", "", author).strip() or "devteam"
    text = message.encode(errors="replace")
    yield f"commit {branch}\nmark :1\n".encode()
    for part in ("author", "committer"):
        yield f"{part} {name} <{name.replace(' ', '.')}@devteam> {date}\n".encode(errors="replace")
    yield b"data %d\n%b\n" % (len(text), text)
    if parent:
        yield b"from %b\n" % parent.encode()
    yield b"deleteall\n"
    for entry in found:
        size = len(entry.content)
        yield b"M %b inline %b\ndata %d\n%b\n" % (entry.mode, _quoted(entry.path), size, entry.content)
    yield b"\nget-mark :1\ndone\n"


def _quoted(path: bytes) -> bytes:
    """A path in git's C style, which fast-import reads back byte by byte."""
    escaped = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'
