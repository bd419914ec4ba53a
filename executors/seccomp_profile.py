"""The rules of `seccomp` as a profile for Docker, whose daemon compiles it.

Here everything is refused but what is listed: the daemon passes over names that its library does not know,
and so they stay refused. Docker compares whole 64-bit arguments where the kernel looks at the lower 32: all
conditions here mask. Several conditions on one argument are alternatives there, so each is a rule of its own.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from executors import seccomp, syscalls

_BITS = 32
_WORD = (1 << _BITS) - 1
_OPEN = Path(__file__).with_name("open_calls.txt")
_PROTOCOL, _THIS_ONE = 2, 0


def profile() -> str:
    """The profile as JSON."""
    rules = {"syscalls": [*_refused(), *_allowed()]}
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": errno.ENOSYS, **rules})


def _refused() -> Iterator[dict[str, Any]]:
    """What would be refused without a rule, with the answer that programs know to deal with."""
    for calls, answer in ((syscalls.MISSING, errno.ENOSYS), (syscalls.FORBIDDEN, errno.EPERM)):
        yield {"names": list(calls), "action": "SCMP_ACT_ERRNO", "errnoRet": answer}


def _allowed() -> Iterator[dict[str, Any]]:
    yield _allow(_OPEN.read_text(encoding="utf-8").split())
    for family in (seccomp.AF_UNIX, seccomp.AF_INET, seccomp.AF_INET6):
        yield _allow(["socket"], _equal(0, family))
    yield _allow(["socket"], _equal(0, seccomp.AF_NETLINK), _equal(_PROTOCOL, 0))
    yield _allow(["clone"], _without(0, seccomp.NEW_NAMESPACE))
    for mask, value in _all_but(seccomp.TERMINAL_INPUT):
        yield _allow(["ioctl"], _equal(1, value, mask))
    for personality in (0, seccomp.THIS_PERSONALITY):
        yield _allow(["personality"], _equal(0, personality))
    yield from _modes()
    # Other processes of the container are our server's, which has the programs' own user.
    for call, (*_, place, kind) in syscalls.ON_PROCESSES.items():
        of_processes = [_equal(0, kind)] if kind is not None else []
        yield _allow([call], *of_processes, _equal(place, _THIS_ONE))


def _modes() -> Iterator[dict[str, Any]]:
    """No set-id bits, at birth or later; without anything being made, a mode means nothing."""
    places: Mapping[str, tuple[int | None, int | None, int]] = {**seccomp.CHMOD, **seccomp.MAKING}
    for call, (*_, place) in places.items():
        yield _allow([call], _without(place, seccomp.SET_ID))
    for call, (*_, place) in seccomp.OPENING.items():
        yield _allow([call], _without(place - 1, seccomp.CREATING))
        yield _allow([call], _without(place, seccomp.SET_ID))


def _allow(names: list[str], *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"names": names, "action": "SCMP_ACT_ALLOW", "args": list(conditions)}


def _without(place: int, bits: int) -> dict[str, Any]:
    return _equal(place, 0, bits)


def _equal(place: int, value: int, mask: int = _WORD) -> dict[str, Any]:
    """The condition that the argument at this place has this value under the mask."""
    return {"index": place, "op": "SCMP_CMP_MASKED_EQ", "value": mask, "valueTwo": value}


def _all_but(values: Sequence[int], known: int = 0, prefix: int = 0) -> Iterator[tuple[int, int]]:
    """Masks with values that hold for every word but these: beside their paths in a tree of bits."""
    mask = _WORD ^ (_WORD >> known)
    if not any(value & mask == prefix for value in values):
        yield mask, prefix
    elif known < _BITS:
        for bit in (0, 1):
            yield from _all_but(values, known + 1, prefix | bit << (_BITS - 1 - known))
