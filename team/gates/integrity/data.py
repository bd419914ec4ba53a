"""Files beside the tests, such as expected outputs, which may not be fitted to what the code gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from team.gates.base import Finding
from team.gates.integrity.past import Mandate, TreeState


def changed_data(past: Sequence[TreeState], now: TreeState) -> Iterator[Finding]:
    """Data files of the tests that changed or went, though nobody asked for that."""
    kept: dict[str, str] = {}
    for state in past:
        kept = {**kept, **{path: digest for path, digest in state.data.items() if _may(path, kept, state)}}
    for path, digest in sorted(kept.items()):
        if now.data.get(path) != digest and not _free(path, now.mandate):
            what = "was changed" if path in now.data else "was deleted"
            message = f"{what} though nobody found it at fault: restore it"
            yield Finding(file=path, rule="data-changed", severity="critical", message=message)


def _may(path: str, kept: dict[str, str], state: TreeState) -> bool:
    return path not in kept or _free(path, state.mandate)


def _free(path: str, mandate: Mandate) -> bool:
    """Whether a failing test was found at fault, or a review names the file: data has no finer places."""
    return bool(mandate.expected) or path in mandate.steps
