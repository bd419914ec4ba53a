"""What each kind of evidence is, and what it does not prove."""

from __future__ import annotations

from collections.abc import Sequence

KINDS_OF_EVIDENCE = ("contract", "examples", "tests")
"""The strongest first."""

UNPROVEN = {
    "contract": "asked from another process, it does what the spec says; what that leaves open is not proven",
    "examples": "asked from another process, it holds the given examples; other inputs are not proven",
    "tests": "the team's own tests pass, in one process with the code; what they do not ask is not proven, "
    "nor is code that sets out to deceive them",
}
"""Kind of evidence → what was seen, and what it does not prove."""

NOTHING = "no check ran the code: that it works is not proven"


def unproven(evidence: Sequence[str]) -> tuple[str, ...]:
    """A line for each kind of evidence, or the one for none."""
    return tuple(f"{kind}: {UNPROVEN[kind]}" for kind in evidence) or (NOTHING,)
