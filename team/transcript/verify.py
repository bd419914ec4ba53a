"""Whether a log is still what was written: every line names the digest of the line before."""

from __future__ import annotations

from pathlib import Path

from team.transcript.logfile import digest, parse_object


def chain_breaks(path: Path) -> list[str]:
    """Where the chain of digests or the count of events breaks, in words; empty for an untouched log.

    A change of the last line alone cannot be seen in the log itself.

    Raises:
        OSError: the file cannot be read.
    """
    *lines, tail = path.read_bytes().split(b"\n")
    breaks = []
    expected = ""
    for number, line in enumerate(lines):
        data = parse_object(line)
        if data is None:
            breaks.append(f"line {number + 1}: not a JSON object")
        else:
            if data.get("prev") != expected:
                breaks.append(f"line {number + 1}: the line before it is not the one that was written")
            if data.get("seq") != number:
                breaks.append(f"line {number + 1}: carries the number {data.get('seq')!r}, not {number}")
        expected = digest(line)
    if tail:
        breaks.append(f"line {len(lines) + 1}: torn off while it was written")
    return breaks
