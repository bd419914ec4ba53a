"""The judge's end of a test run's channel: which lines are the runner's own, and whether any are missing."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass
class SignedLines:
    """What a report holds.

    Attributes:
        steps: the runner's lines, in order, as JSON text.
        others: all other lines.
        torn: whether a line of the runner was left out, repeated or moved.
    """

    steps: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    torn: bool = False


def read_signed(report: bytes, key: bytes) -> SignedLines:
    """Sort the lines of a report: ``MAC NUMBER {json}``, numbered from 0, are the runner's."""
    found, next_number = SignedLines(), 0
    for line in report.splitlines():
        mac, _, text = line.partition(b" ")
        number, _, payload = text.partition(b" ")
        if not hmac.compare_digest(mac, _mac(text, key)):
            found.others.append(line.decode("utf-8", "replace"))
        elif number != b"%d" % next_number:
            found.torn = True
        else:
            found.steps.append(payload.decode("ascii", "replace"))
            next_number += 1
    return found


def _mac(text: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(text, key=key, digest_size=16).hexdigest().encode()
